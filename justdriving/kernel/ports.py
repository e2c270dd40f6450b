"""Questions a lower app asks upwards: settings name who answers, by dotted path."""

from functools import cache
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string


@cache
def implementations(setting: str) -> tuple[Any, ...]:
    """One instance of each class that ``settings.<setting>`` lists, in its order."""
    paths = getattr(settings, setting)
    return tuple(import_string(path)() for path in ([paths] if isinstance(paths, str) else paths))
