"""The papers of a student, and what lessons ask of their body."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import translation

from administration.models import Student, StudentDocument, StudentEvent
from administration.services import add_document, remove_document
from justdriving.kernel.policy import Refused
from tests.factories import NOW

DAY = dt.date(2026, 3, 5)


@pytest.fixture(autouse=True)
def _in_english():
    with translation.override("en"):
        yield


@pytest.fixture
def listed(cast):
    def make(student=cast.student, **values):
        values = {"kind": "medical", "valid_from": DAY, "valid_until": None} | values
        return StudentDocument.across_schools.create(
            school=student.school, student=student, **values
        )

    return make


def page(cast, name="student_edit", *more):
    return reverse(f"administration:{name}", args=[cast.school.slug, cast.student.pk, *more])


def test_a_document_is_added_with_its_event(cast):
    document = add_document(
        student_id=cast.student.pk,
        kind="first_aid",
        valid_from=DAY,
        valid_until=DAY,
        by=cast.office,
        at=NOW,
    )

    event = StudentEvent.objects.get(student=cast.student)
    assert (document.kind, document.valid_until) == ("first_aid", DAY)
    assert event.details == {"document": ["", "First-aid certificate 2026-03-05 – 2026-03-05"]}
    assert event.made_by == cast.office.user


@pytest.mark.parametrize(
    ("values", "code"),
    (
        ({"valid_until": DAY - dt.timedelta(days=1)}, "days-in-wrong-order"),
        ({"kind": "medical"}, "already-listed"),
    ),
)
def test_a_document_must_make_sense(cast, listed, values, code):
    listed()
    given = {"kind": "identity", "valid_from": DAY, "valid_until": None} | values

    with pytest.raises(Refused) as refused:
        add_document(student_id=cast.student.pk, by=cast.office, at=NOW, **given)

    assert refused.value.refusal.code == code
    assert not StudentEvent.objects.exists()


def test_removing_a_document_keeps_it_in_the_history(cast, listed):
    document = listed()

    remove_document(document_id=document.pk, student_id=cast.student.pk, by=cast.office, at=NOW)

    assert not StudentDocument.objects.exists()
    event = StudentEvent.objects.get()
    assert event.details == {"document": ["Medical certificate 2026-03-05 –", ""]}


def test_a_document_of_somebody_else_is_not_found(cast, other_school, listed):
    for student in (cast.other_student, other_school.student):
        document = listed(student=student)
        with pytest.raises(Refused) as refused:
            remove_document(
                document_id=document.pk, student_id=cast.student.pk, by=cast.office, at=NOW
            )
        assert refused.value.refusal.code == "not-found"


def test_the_office_adds_and_removes_on_the_record(cast, signed_in):
    client = signed_in(cast.office)
    given = {"document-kind": "medical", "document-valid_from": "2026-03-05"}

    added = client.post(page(cast, "document_add"), given)
    document = StudentDocument.objects.get()
    shown = client.get(page(cast)).content.decode()
    removed = client.post(page(cast, "document_remove", document.pk))

    assert added.url == removed.url == page(cast)
    assert "Medical certificate" in shown
    assert "does not lapse" in shown
    assert not StudentDocument.objects.exists()


def test_what_was_typed_is_kept_when_it_is_refused(cast, signed_in):
    given = {
        "document-kind": "first_aid",
        "document-valid_from": "2026-03-05",
        "document-valid_until": "2026-03-04",
    }
    answer = signed_in(cast.office).post(page(cast, "document_add"), given)

    html = answer.content.decode()
    assert answer.status_code == 422
    assert "The last day must not be before the first one." in html
    assert 'value="2026-03-04"' in html


@pytest.mark.parametrize("who", ("student", "other_teacher"))
def test_others_do_not_change_documents(cast, signed_in, listed, who):
    document = listed()
    client = signed_in(getattr(cast, who))

    for address in (page(cast, "document_add"), page(cast, "document_remove", document.pk)):
        assert client.post(address, {}).status_code in {403, 404}
    assert StudentDocument.objects.exists()


def test_another_schools_document_is_a_404(cast, other_school, signed_in, listed):
    document = listed(student=other_school.student)

    answer = signed_in(cast.office).post(page(cast, "document_remove", document.pk))

    assert answer.status_code == 404


def test_height_and_weight_are_part_of_the_record(cast, signed_in):
    client = signed_in(cast.office)
    form = client.get(page(cast)).context["form"]
    given = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    given = {name: getattr(value, "pk", value) or "" for name, value in given.items()}

    client.post(page(cast), given | {"height_cm": "171", "weight_kg": "64"})
    student = Student.objects.get(pk=cast.student.pk)
    too_tall = client.post(page(cast), given | {"version": student.version, "height_cm": "999"})

    assert (student.height_cm, student.weight_kg) == (171, 64)
    assert too_tall.status_code == 422
    assert StudentEvent.objects.get().details["height_cm"] == ["", "171"]


def test_the_page_costs_the_same_with_more_documents(
    cast, signed_in, listed, django_assert_max_num_queries
):
    client = signed_in(cast.office)

    def asked():
        with django_assert_max_num_queries(60) as seen:
            client.get(page(cast))
        return len(seen)

    listed()
    client.get(page(cast))
    one = asked()
    for kind in ("first_aid", "identity", "consent"):
        listed(kind=kind)

    assert asked() == one
