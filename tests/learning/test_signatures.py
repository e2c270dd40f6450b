"""The database itself refuses forged, late, broken and altered signatures."""

import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from administration.enums import MembershipStatus, Role
from learning.enums import Side
from learning.models import LessonRecord, RecordedStep, Signature, SignatureEvent
from learning.policies import Link, canonical, chain_hash
from learning.queries import content_of
from learning.services import Taught
from tests.factories import MembershipFactory, TeacherFactory
from tests.learning.factories import ENDED, follow, steps, student_signs, taught_lesson

AFTER = ENDED + dt.timedelta(hours=1)


@pytest.fixture
def unsigned(cast):
    plan = follow(cast)
    return taught_lesson(cast, Taught(covered=steps(plan, 6, "7.1", "7.2")))


@pytest.fixture
def signed(cast):
    plan = follow(cast)
    record = taught_lesson(cast, Taught(covered=steps(plan, 6, "7.1", "7.2")), sign=True)
    record.refresh_from_db()
    return record


def forged(record, signer, side, **changes) -> Signature:
    """A signature that is right in every way except who writes it, and ``changes``."""
    last = Signature.objects.filter(student=record.student_id).order_by("sequence").last()
    values = {
        "student_id": record.student_id,
        "sequence": last.sequence + 1 if last else 1,
        "record_id": record.pk,
        "signed_as": side,
        "signer_id": signer.pk,
        "signed_at": AFTER,
        "method": "session",
        "content_hash": record.content_hash,
        **changes,
    }
    content = values.pop("content", canonical(content_of(record)))
    school_id = values.pop("school_id", record.school_id)
    previous = values.pop("previous_hash", last.chain_hash if last else "")
    sealed = values.pop("chain_hash", None) or chain_hash(previous, Link(**values))
    return Signature(
        school_id=school_id,
        content=content,
        previous_hash=previous,
        chain_hash=sealed,
        **values,
    )


def speak_as(user_id) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('justdriving.signing_user', %s, true)", [str(user_id)])


def refused_by(write) -> str:
    """The name of the rule with which the database refused."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        write()
    return caught.value.__cause__.diag.constraint_name


def raw_insert(signature: Signature) -> None:
    fields = [f for f in Signature._meta.concrete_fields if not f.primary_key]
    columns = ", ".join(f.column for f in fields)
    marks = ", ".join(["%s"] * len(fields))
    values = [str(v) if (v := getattr(signature, f.attname)) is not None else None for f in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO learning_signature ({columns}) VALUES ({marks})", values)  # noqa: S608 -- names of our own columns


ROUTES = {
    "save": lambda s: s.save(),
    "bulk_create": lambda s: Signature.objects.bulk_create([s]),
    "raw SQL": raw_insert,
}


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
@pytest.mark.parametrize("who", ("owner", "office", "teacher", "other_student"))
def test_nobody_signs_as_the_student_by_any_route(cast, signed, who, route):
    person = getattr(cast, who)
    user = getattr(person, "membership", person).user
    speak_as(user.pk)

    rule = refused_by(lambda: route(forged(signed, user, Side.STUDENT)))

    assert rule == "only_the_student_signs_as_the_student"
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("route", ROUTES.values(), ids=ROUTES.keys())
@pytest.mark.parametrize("speaker", ("owner", "nobody"))
def test_nobody_signs_in_the_students_name_by_any_route(cast, signed, speaker, route):
    """A row that names the student as its signer, written by code that serves somebody else."""
    if speaker == "owner":
        speak_as(cast.owner.user_id)
    student = cast.student.membership.user

    rule = refused_by(lambda: route(forged(signed, student, Side.STUDENT)))

    assert rule == "only_the_signer_signs"


def test_a_platform_administrator_signs_for_nobody(cast, signed):
    admin = MembershipFactory().user
    admin.is_staff = admin.is_superuser = True
    admin.save()
    speak_as(admin.pk)

    for side in Side:
        assert refused_by(forged(signed, admin, side).save).startswith("only_the_")


def test_without_the_trigger_the_forgery_would_succeed(cast, signed):
    """The negative control: it is the trigger that refuses, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE learning_signature DISABLE TRIGGER USER")

    forged(signed, cast.owner.user, Side.STUDENT).save()

    assert Signature.objects.filter(signed_as=Side.STUDENT, signer=cast.owner.user).count() == 1


def test_the_forgery_with_the_students_own_hand_would_be_a_true_signature(cast, signed):
    """The second control: the forged rows above are faultless except for who writes them."""
    speak_as(cast.student.membership.user_id)

    forged(signed, cast.student.membership.user, Side.STUDENT).save()

    assert Signature.objects.filter(signed_as=Side.STUDENT).count() == 1


def teacher_of_another_school(cast):
    return TeacherFactory().membership.user


def inactive_owner(cast):
    cast.owner.status = MembershipStatus.INACTIVE
    cast.owner.save()
    return cast.owner.user


def office_with_a_teacher_profile(cast):
    return TeacherFactory(school=cast.school, membership=cast.office).membership.user


def former_teacher(cast):
    member = cast.teacher.membership
    member.role = Role.OFFICE
    member.save()
    return member.user


@pytest.mark.parametrize(
    "somebody",
    (
        lambda cast: cast.other_teacher.membership.user,
        lambda cast: cast.office.user,
        lambda cast: cast.student.membership.user,
        teacher_of_another_school,
        inactive_owner,
        office_with_a_teacher_profile,
        former_teacher,
    ),
    ids=(
        "another teacher",
        "office",
        "the student",
        "another school's",
        "inactive owner",
        "office with a profile",
        "no longer a teacher",
    ),
)
def test_only_the_teacher_or_an_owner_signs_as_the_teacher(cast, unsigned, somebody):
    user = somebody(cast)
    speak_as(user.pk)

    rule = refused_by(forged(unsigned, user, Side.TEACHER).save)

    assert rule == "only_the_teacher_or_an_owner_signs_as_the_teacher"


def test_an_owner_without_a_teacher_profile_signs_in_place_of_the_teacher(cast, unsigned):
    speak_as(cast.owner.user_id)

    forged(unsigned, cast.owner.user, Side.TEACHER).save()

    assert Signature.objects.get().signer == cast.owner.user


@pytest.mark.parametrize(
    ("changes", "rule"),
    (
        ({"content": "{}"}, "signature_is_of_its_record"),
        ({"content_hash": "0" * 64}, "signature_is_of_its_record"),
        ({"sequence": 2}, "signatures_of_a_student_are_one_chain"),
        ({"previous_hash": "0" * 64}, "signatures_of_a_student_are_one_chain"),
        ({"chain_hash": "0" * 64}, "signatures_of_a_student_are_one_chain"),
        ({"signed_at": ENDED - dt.timedelta(seconds=1)}, "nothing_is_signed_before_it_was_taught"),
    ),
)
def test_a_signature_that_does_not_fit_is_refused(cast, unsigned, changes, rule):
    teacher = cast.teacher.membership.user
    speak_as(teacher.pk)

    assert refused_by(forged(unsigned, teacher, Side.TEACHER, **changes).save) == rule


def test_a_signature_for_another_students_lesson_is_refused(cast, signed):
    other = cast.other_student
    speak_as(other.membership.user_id)

    rule = refused_by(
        forged(
            signed,
            other.membership.user,
            Side.STUDENT,
            student_id=other.pk,
            sequence=1,
            previous_hash="",
        ).save
    )

    assert rule == "signature_is_of_its_record"


def test_the_student_cannot_sign_before_the_teacher(cast, unsigned):
    student = cast.student.membership.user
    speak_as(student.pk)

    rule = refused_by(forged(unsigned, student, Side.STUDENT).save)

    assert rule == "student_signs_after_the_teacher"


def test_each_side_signs_once(cast, signed):
    teacher = cast.teacher.membership.user
    speak_as(teacher.pk)

    assert refused_by(forged(signed, teacher, Side.TEACHER).save) == "each_side_signs_once"


@pytest.mark.parametrize(
    "write",
    (
        lambda r: LessonRecord.objects.filter(pk=r.pk).update(minutes=45),
        lambda r: LessonRecord.objects.filter(pk=r.pk).update(note_internal="x"),
        lambda r: r.save(),
        lambda r: RecordedStep.objects.filter(record=r).update(outcome="repeat"),
        lambda r: RecordedStep.objects.filter(record=r)[0].delete(),
        lambda r: RecordedStep.objects.create(
            school_id=r.school_id,
            record=r,
            step=r.steps.first().step.module.steps.get(code="7.5"),
            outcome="covered",
        ),
        lambda r: RecordedStep.objects.bulk_update(
            [RecordedStep(pk=r.steps.first().pk, outcome="repeat")], ["outcome"]
        ),
    ),
    ids=("minutes", "note", "save", "outcome", "step gone", "step added", "bulk"),
)
def test_a_signed_record_and_its_steps_are_final(signed, write):
    assert refused_by(lambda: write(signed)) == "signed_record_is_final"


@pytest.mark.parametrize(
    "write",
    (
        lambda: Signature.objects.update(method="x"),
        lambda: Signature.objects.get().save(),
        lambda: Signature.objects.all()._raw_delete("default"),
        lambda: SignatureEvent.objects.update(change="verified"),
        lambda: SignatureEvent.objects.all().delete(),
    ),
)
def test_signatures_and_their_events_are_final(signed, write):
    with pytest.raises(DatabaseError, match="Cannot update or delete rows"), transaction.atomic():
        write()


def test_an_unsigned_record_can_still_be_changed(unsigned):
    assert LessonRecord.objects.filter(pk=unsigned.pk).update(minutes=45) == 1


def test_the_database_and_the_program_compute_the_same_chain(signed):
    """The trigger recomputed every link while these two signatures were written."""
    student_signs(signed)

    assert Signature.objects.count() == 2
