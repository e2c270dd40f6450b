"""How the amount of an invoice line came about, kept beside it in the student's language."""

from collections.abc import Sequence

from django.utils import translation

from administration.models import Student
from bookings.ports import PricePart
from finance.enums import Step
from finance.models import InvoiceLine, InvoiceLinePart
from finance.price_words import part_in_words

LABEL_LENGTH = 300


def explain_lines(
    lines: Sequence[InvoiceLine], steps: Sequence[Sequence[PricePart]], student: Student
) -> None:
    """Write the steps of each line that has more than one; its invoice is still a draft."""
    with translation.override(student.membership.user.language):
        InvoiceLinePart.objects.bulk_create(
            InvoiceLinePart(
                school_id=line.school_id,
                line=line,
                position=position,
                label=part_in_words(part)[:LABEL_LENGTH],
                amount_minor=part.minor,
                discount_id=part.source_id if part.what == Step.DISCOUNT else None,
            )
            for line, parts in zip(lines, steps, strict=True)
            if len(parts) > 1
            for position, part in enumerate(parts, start=1)
        )
