"""A school's colour must be readable wherever it is used; what cannot be read is refused."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from justdriving.kernel.policy import Refusal

READABLE = 4.5
"""The contrast of normal text in WCAG 2.2, level AA."""
HEX = re.compile(r"#[0-9a-f]{6}")
WHITE = "#ffffff"
SURFACE_DARK = "#161e1b"
INK_DARK = "#04221c"
SHARES_OF_ACCENT = (14, 12, 10, 8, 6, 4, 2, 0)


@dataclass(frozen=True, slots=True)
class Theme:
    """Three tokens, each for the light and the dark appearance."""

    accent: tuple[str, str]
    ink: tuple[str, str]
    soft: tuple[str, str]

    def css(self) -> str:
        tokens = {"accent": self.accent, "accent-ink": self.ink, "accent-soft": self.soft}
        rules = "".join(
            f"--jd-{name}:light-dark({light},{dark});" for name, (light, dark) in tokens.items()
        )
        return f":root{{{rules}}}\n"


def is_colour(text: str) -> bool:
    return HEX.fullmatch(text) is not None


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance by WCAG: 0 for black, 1 for white."""
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 -- the sRGB curve
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio by WCAG, from 1 to 21."""
    lower, higher = sorted((luminance(one), luminance(other)))
    return (higher + 0.05) / (lower + 0.05)


def mixed(colour: str, ground: str, percent: int) -> str:
    """``percent`` of ``colour`` on ``ground``."""
    pairs = zip(_channels(colour), _channels(ground), strict=True)
    parts = (round((a * percent + b * (100 - percent)) / 100) for a, b in pairs)
    return "#" + "".join(f"{part:02x}" for part in parts)


def accent_refusal(colour: str, *, dark: bool) -> Refusal | None:
    """No to a colour that cannot be read as text on the surface of that appearance."""
    ground = SURFACE_DARK if dark else WHITE
    if is_colour(colour) and contrast(colour, ground) >= READABLE:
        return None
    hint = _("Choose a lighter one.") if dark else _("Choose a darker one.")
    return Refusal("colour_unreadable", _("Text in this colour is hard to read.") + " " + hint)


def _ink_on(accent: str) -> str:
    return max((WHITE, INK_DARK), key=lambda ink: contrast(accent, ink))


def _soft_of(accent: str, ground: str) -> str:
    """The strongest tint of the ground on which the accent itself is still readable."""
    tints = (mixed(accent, ground, share) for share in SHARES_OF_ACCENT)
    return next((tint for tint in tints if contrast(accent, tint) >= READABLE), ground)


def theme_of(accent: str, accent_dark: str) -> Theme:
    return Theme(
        accent=(accent, accent_dark),
        ink=(_ink_on(accent), _ink_on(accent_dark)),
        soft=(_soft_of(accent, WHITE), _soft_of(accent_dark, SURFACE_DARK)),
    )
