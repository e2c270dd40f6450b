"""Numbers of invoices and credit notes: one after the other, with no gap."""

from dataclasses import dataclass

from administration.models import School
from finance.enums import Document
from finance.models import InvoiceSeries
from finance.queries import settings_of


@dataclass(frozen=True, slots=True)
class Number:
    series: InvoiceSeries
    sequence: int

    def __str__(self) -> str:
        return f"{self.series.code}-{self.sequence:05d}"


def hold_numbers(school: School) -> dict[Document, InvoiceSeries]:
    """Lock the runs of the school until the transaction ends, and give those in use.

    Whoever will need a number does this before holding the money of a student; so two transactions
    never wait for each other.
    """
    books = settings_of(school)
    codes = {
        Document.INVOICE: books.invoice_prefix,
        Document.CREDIT_NOTE: books.credit_note_prefix,
    }
    InvoiceSeries.objects.bulk_create(
        [InvoiceSeries(school=school, document=one, code=code) for one, code in codes.items()],
        ignore_conflicts=True,
    )
    runs = InvoiceSeries.objects.select_for_update().order_by("pk")
    return {
        Document(run.document): run for run in runs if codes[Document(run.document)] == run.code
    }


def take_number(school: School, document: Document) -> Number:
    """The next number of this document; a transaction that fails gives it back."""
    series = hold_numbers(school)[document]
    number = Number(series, series.next_number)
    series.next_number += 1
    series.save(update_fields=["next_number"])
    return number
