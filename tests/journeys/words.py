"""What the pages say, in the language of whoever looks at them."""

from django.utils.translation import gettext, ngettext, override, pgettext


class Words:
    """Looks up the product's own texts, so that one journey serves every language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, text: str, context: str = "", **values: str) -> str:
        with override(self.language):
            found = pgettext(context, text) if context else gettext(text)
        return found % values if values else found

    def counted(self, one: str, several: str, count: int, **values: object) -> str:
        with override(self.language):
            return ngettext(one, several, count) % {"number": count, "count": count, **values}
