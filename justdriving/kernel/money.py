"""Money is a whole number of minor units and a currency. There are no floats and no bare ints."""

from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language, to_locale


class CurrencyMismatch(TypeError):
    """Two amounts of different currencies were mixed."""


def rounded_share(minor: int, numerator: int, denominator: int) -> int:
    """``minor * numerator / denominator``, rounded half away from zero: the only rounding there is.

    ``denominator`` is positive.
    """
    product = minor * numerator
    whole = (2 * abs(product) + denominator) // (2 * denominator)
    return whole if product >= 0 else -whole


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            message = f"{self.currency} and {other.currency} do not mix"
            raise CurrencyMismatch(message)
        return other

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other).minor

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other).minor

    def percent(self, rate: int) -> "Money":
        """``rate`` per cent of this amount."""
        return Money(rounded_share(self.minor, rate, 100), self.currency)

    def share(self, numerator: int, denominator: int) -> "Money":
        """``numerator / denominator`` of this amount; ``denominator`` is above zero."""
        return Money(rounded_share(self.minor, numerator, denominator), self.currency)

    def vat_included(self, rate_basis_points: int) -> "Money":
        """The VAT inside this gross amount; 2500 basis points are 25 %."""
        vat = rounded_share(self.minor, rate_basis_points, 10_000 + rate_basis_points)
        return Money(vat, self.currency)

    def localized(self, locale: str | None = None) -> str:
        """As the reader writes it: "1.250,00 kr." in Danish, "DKK 1,250.00" in English."""
        reader = locale or to_locale(get_language() or "en")
        major = Decimal(self.minor).scaleb(-get_currency_precision(self.currency))
        text = str(format_currency(major, self.currency, locale=reader))
        # English writes the code without a space ("DKK1,250.00"), which reads like one word.
        return text.replace(self.currency, f"{self.currency}\N{NO-BREAK SPACE}")

    def __str__(self) -> str:
        return self.localized()
