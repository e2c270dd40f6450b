"""No school sees another: the locks, and the proof that each of them locks."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models

from administration.models import Membership, School, Student, User
from bookings.models import Booking
from finance.models import GatewayEvent
from justdriving.doctor import crossing_references, examine
from justdriving.kernel.tenancy import NoActiveSchool, SchoolOwned, school_scope
from justdriving.management.commands.write_same_school import constraint_name, references
from notifications.models import DemoMessage
from tests.factories import BookingFactory, MembershipFactory, StudentFactory

ROOT = Path(__file__).parents[2]
OURS = {"administration", "bookings", "finance", "learning", "notifications"}

GLOBAL = {
    School: "is the tenant",
    User: "a person may belong to several schools",
    GatewayEvent: "belongs to no school until it is read",
    DemoMessage: "stands for the mail servers and telephones of the whole world",
}

MAY_CROSS = {
    "justdriving/kernel/tenancy.py": "defines it",
    "administration/access.py": "finds the membership that opens the scope",
    "administration/queries.py": "what one person is at their own other schools",
    "administration/admin.py": "platform administrators look at every school",
    "bookings/views/feeds.py": "the secret address names a feed, not a school",
    "bookings/tasks.py": "finds the schools in which a hold ran out, somebody waits or is ill",
    "finance/services/checkouts.py": "a gateway names a visit, not a school",
    "finance/services/webhooks.py": "Stripe names a visit, not a school",
    "finance/tasks.py": "asks how open visits ended, and which schools remind",
    "notifications/models.py": "the queue is one for all schools; account mails belong to none",
    "notifications/services/delivery.py": "one worker delivers for every school",
    "notifications/services/reports.py": "a provider names a message, not a school",
    "notifications/channels/sms.py": "asks which of the provider's messages are known",
    "justdriving/home/views.py": "leads a person to one of their schools",
    "justdriving/home/navigation.py": "lists a person's other schools",
}


TWO_COLUMN_KEYS = (
    "SELECT conname FROM pg_constraint WHERE contype = 'f' AND cardinality(conkey) = 2"
)


def own_models() -> set[type[models.Model]]:
    return {model for model in apps.get_models() if model._meta.app_label in OURS}


def owned_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, SchoolOwned)]


def modules_that_cross(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in root.glob("*/**/*.py")
        if not {"tests", "migrations", ".venv", "var", "benchmarks"} & set(path.parts)
        and re.search(r"\bacross_schools\b|\b_base_manager\b", path.read_text())
    }


def test_every_model_belongs_to_a_school_or_says_why_not():
    assert {model for model in own_models() if not issubclass(model, SchoolOwned)} == set(GLOBAL)


def test_only_listed_modules_cross_schools():
    assert modules_that_cross(ROOT) == set(MAY_CROSS)


def test_a_module_that_crosses_unlisted_is_found(tmp_path):
    sly = tmp_path / "finance" / "sly.py"
    sly.parent.mkdir()
    sly.write_text("Invoice.across_schools.all()")

    assert modules_that_cross(tmp_path) == {"finance/sly.py"}


@pytest.mark.parametrize(
    "query",
    (
        lambda: Booking.objects.exists(),
        lambda: Booking.objects.first(),
        lambda: Booking.objects.all(),
        lambda: Booking.objects.filter(pk=1),
        lambda: Booking.objects.count(),
        lambda: Booking.objects.exclude(pk=1),
        lambda: Booking.objects.update(place="x"),
        lambda: Booking.objects.in_bulk(),
        lambda: Booking.objects.live(),
        lambda: Booking.objects.none(),
        lambda: Student.objects.visible_to(Membership(role="owner")),
    ),
)
def test_a_query_without_a_school_is_an_error(query):
    with pytest.raises(NoActiveSchool):
        query()


def test_a_query_sees_its_own_school_only(db):
    mine, theirs = BookingFactory(), BookingFactory()

    with school_scope(mine.school_id):
        assert list(Booking.objects.all()) == [mine]
        assert list(mine.teacher.bookings.all()) == [mine]
        assert list(theirs.teacher.bookings.all()) == []


def test_every_reference_between_school_rows_is_guarded_by_the_database(db):
    expected = {
        constraint_name(table, column)
        for model in owned_models()
        for table, column, _ in references(model)
    }
    with connection.cursor() as cursor:
        cursor.execute(TWO_COLUMN_KEYS)
        assert {name for (name,) in cursor.fetchall()} == expected


def test_the_database_refuses_a_reference_into_another_school(db):
    StudentFactory(membership=MembershipFactory())

    with pytest.raises(IntegrityError, match="membership_id_same_school"):
        connection.check_constraints()


def test_the_doctor_sees_a_reference_that_slipped_across(db):
    with connection.cursor() as cursor:
        cursor.execute("""
            ALTER TABLE administration_student
            DROP CONSTRAINT administration_student_membership_id_same_school
        """)
    student = StudentFactory(membership=MembershipFactory())

    findings = examine(crossing_references())

    assert [finding.code for finding in findings] == ["tenant.administration_student.membership_id"]
    assert findings[0].sample == (
        (
            f"school {student.school_id}: administration_student {student.pk}"
            f" refers to administration_membership {student.membership_id}"
        ),
    )
