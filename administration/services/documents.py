"""The papers of a student that the school has seen."""

from datetime import date, datetime

from django.utils.translation import gettext as _

from administration.enums import DocumentKind, StudentChange
from administration.models import Membership, Student, StudentDocument, StudentEvent, User
from administration.signals import student_changed
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case


@use_case
def add_document(
    *,
    student_id: int,
    kind: DocumentKind,
    valid_from: date,
    valid_until: date | None,
    by: Membership,
    at: datetime,
) -> StudentDocument:
    """Note a paper that somebody showed; both days count, without the second it does not lapse.

    Raises Refused: ``not-found``, ``days-in-wrong-order``, ``already-listed``.
    """
    student = _locked(student_id, by)
    enforce(_days_refusal(valid_from, valid_until))
    known = StudentDocument.objects.filter(student=student, kind=kind, valid_from=valid_from)
    if known.exists():
        raise Refused(Refusal("already-listed", _("This document is listed already.")))
    document = StudentDocument.objects.create(
        school_id=student.school_id,
        student=student,
        kind=kind,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    _announce(student, ["", in_words(document)], by=by.user, at=at)
    return document


@use_case
def remove_document(*, document_id: int, student_id: int, by: Membership, at: datetime) -> None:
    """Take a paper off the list; the student's history keeps it. Raises Refused ``not-found``."""
    student = _locked(student_id, by)
    document = StudentDocument.objects.filter(student=student, pk=document_id).first()
    if document is None:
        raise _not_found()
    words = in_words(document)
    document.delete()
    _announce(student, [words, ""], by=by.user, at=at)


def in_words(document: StudentDocument) -> str:
    """``Medical certificate 2026-01-04 – 2027-01-03``."""
    until = document.valid_until or ""
    return f"{DocumentKind(document.kind).label} {document.valid_from} – {until}".strip()


def _locked(student_id: int, by: Membership) -> Student:
    seen = Student.objects.visible_to(by).select_for_update(of=("self",))
    student: Student | None = seen.filter(pk=student_id).first()
    if student is None:
        raise _not_found()
    return student


def _not_found() -> Refused:
    return Refused(Refusal("not-found", _("That was not found. Please choose again.")))


def _days_refusal(valid_from: date, valid_until: date | None) -> Refusal | None:
    if valid_until is None or valid_until >= valid_from:
        return None
    message = _("The last day must not be before the first one.")
    return Refusal("days-in-wrong-order", message)


def _announce(student: Student, change: list[str], *, by: User, at: datetime) -> None:
    event = StudentEvent.objects.create(
        school_id=student.school_id,
        student=student,
        change=StudentChange.UPDATED,
        details={"document": change},
        happened_at=at,
        made_by=by,
    )
    student_changed.send(sender=Student, event=event)
