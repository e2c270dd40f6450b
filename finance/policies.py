"""Decisions about money: pure, exact to the minor unit."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from finance.enums import InvoiceStatus, PaymentFlag
from justdriving.kernel.money import Money


@dataclass(frozen=True, slots=True)
class LineSums:
    """Net, VAT and gross of one line; net and VAT always add up to the gross."""

    net: Money
    vat: Money
    total: Money


def line_sums(unit_price: Money, *, quantity: int, rate_basis_points: int) -> LineSums:
    """Prices include VAT. VAT is rounded once, on the whole line; the net is what remains."""
    total = Money(unit_price.minor * quantity, unit_price.currency)
    vat = total.vat_included(rate_basis_points)
    return LineSums(net=total - vat, vat=vat, total=total)


def status_of(total: Money, *, paid: Money, credited: Money) -> InvoiceStatus:
    """What an issued invoice is called when so much of it is paid and so much is credited."""
    if credited and credited == total:
        return InvoiceStatus.CREDITED
    if paid + credited == total:
        return InvoiceStatus.PAID
    return InvoiceStatus.PART_PAID if paid else InvoiceStatus.ISSUED


def spread(amount: Money, due: Sequence[Money]) -> list[Money]:
    """Cover what is due in the order given, each as far as the money reaches."""
    shares = []
    for owed in due:
        share = min(amount, owed)
        shares.append(share)
        amount -= share
    return shares


def flag_of(received: Money, *, asked: Money) -> PaymentFlag | None:
    """Whether what arrived differs from what was asked."""
    if received.currency != asked.currency:
        return PaymentFlag.CURRENCY
    return None if received == asked else PaymentFlag.AMOUNT


@dataclass(frozen=True, slots=True)
class VatSum:
    """What an invoice holds of one VAT treatment."""

    name: str
    rate_basis_points: int
    net: Money
    vat: Money


def vat_summary(lines: Iterable[tuple[str, int, Money, Money]]) -> list[VatSum]:
    """Add up (name, rate, net, vat) by name and rate, the highest rate first."""
    sums: dict[tuple[int, str], VatSum] = {}
    for name, rate, net, vat in lines:
        so_far = sums.get((rate, name))
        if so_far is not None:
            net, vat = so_far.net + net, so_far.vat + vat  # noqa: PLW2901 -- the running sum
        sums[rate, name] = VatSum(name, rate, net, vat)
    return [sums[key] for key in sorted(sums, key=lambda key: (-key[0], key[1]))]
