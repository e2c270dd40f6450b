"""Names as they are shown in small places."""

from django import template

register = template.Library()


@register.filter
def initials(name: str) -> str:
    """``Åse Marie Lind`` is ``ÅL``; an e-mail address gives its first letter."""
    words = str(name).split("@")[0].split()
    letters = [word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)]
    return "".join(letters).upper()
