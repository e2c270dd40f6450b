"""What a load balancer asks: whether the process is up, and reaches what it needs."""

from collections.abc import Callable

from django.core.cache import cache
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from redis.exceptions import RedisError

from administration.access import public


@public
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    return JsonResponse({"status": "ok"})


@public
@never_cache
def readyz(_request: HttpRequest) -> HttpResponse:
    answers = {"database": _answers(_ask_database), "redis": _answers(_ask_redis)}
    ready = all(answers.values())
    return JsonResponse(
        {"status": "ready" if ready else "not ready", **answers}, status=200 if ready else 503
    )


def _answers(ask: Callable[[], None]) -> bool:
    try:
        ask()
    except (Error, RedisError, OSError):
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_redis() -> None:
    cache.get("readyz")
