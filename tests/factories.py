"""Rows for tests. A factory writes across schools; services are used where behaviour matters."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import factory
from django.contrib.auth.hashers import make_password
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from administration.enums import Role, StudentStatus
from administration.models import (
    Department,
    Guardian,
    Membership,
    School,
    Student,
    Teacher,
    TeacherDepartment,
    User,
)
from bookings.enums import (
    BookingStatus,
    DeadlineKind,
    LessonKind,
    ResourceKind,
    SelfBooking,
)
from bookings.models import (
    Booking,
    BookingResource,
    CancellationStep,
    CancellationTerms,
    LessonType,
    LessonTypeNeed,
    Occupancy,
    Participation,
    Resource,
    WeeklyAvailability,
)

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
"""A Monday, 10.00 in Copenhagen, four weeks before summer time."""
NOON = dt.datetime(2026, 3, 5, 11, tzinfo=dt.UTC)
"""Thursday of that week, 12.00 in Copenhagen."""
PASSWORD = "correct horse battery"  # noqa: S105 -- the password of every test user
PASSWORD_HASH = make_password(PASSWORD)


class AcrossSchools(factory.django.DjangoModelFactory):
    class Meta:
        abstract = True

    @classmethod
    def _get_manager(cls, model_class):
        return getattr(model_class, "across_schools", model_class._default_manager)


class SchoolFactory(AcrossSchools):
    class Meta:
        model = School

    name = factory.Sequence(lambda n: f"School {n}")
    slug = factory.Sequence(lambda n: f"school-{n}")
    email = factory.LazyAttribute(lambda o: f"office@{o.slug}.example")
    language = "en"


class DepartmentFactory(AcrossSchools):
    class Meta:
        model = Department

    school = factory.SubFactory(SchoolFactory)
    name = factory.Sequence(lambda n: f"Department {n}")


class UserFactory(AcrossSchools):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person-{n}@people.example")
    full_name = factory.Sequence(lambda n: f"Person Number{n}")
    password = PASSWORD_HASH
    language = "en"


class MembershipFactory(AcrossSchools):
    class Meta:
        model = Membership

    school = factory.SubFactory(SchoolFactory)
    user = factory.SubFactory(UserFactory)
    role = Role.STUDENT


class TeacherFactory(AcrossSchools):
    class Meta:
        model = Teacher

    school = factory.SubFactory(SchoolFactory)
    membership = factory.SubFactory(
        MembershipFactory, school=factory.SelfAttribute("..school"), role=Role.TEACHER
    )
    licence_categories = factory.LazyFunction(lambda: ["B"])


class TeacherDepartmentFactory(AcrossSchools):
    class Meta:
        model = TeacherDepartment

    school = factory.SelfAttribute("teacher.school")
    teacher = factory.SubFactory(TeacherFactory)
    department = factory.SubFactory(
        DepartmentFactory, school=factory.SelfAttribute("..teacher.school")
    )


class StudentFactory(AcrossSchools):
    class Meta:
        model = Student

    school = factory.SubFactory(SchoolFactory)
    membership = factory.SubFactory(MembershipFactory, school=factory.SelfAttribute("..school"))
    department = factory.SubFactory(DepartmentFactory, school=factory.SelfAttribute("..school"))
    born_on = dt.date(2006, 5, 4)
    status = StudentStatus.ACTIVE
    registered_at = NOW - dt.timedelta(days=30)


class GuardianFactory(AcrossSchools):
    class Meta:
        model = Guardian

    school = factory.SelfAttribute("student.school")
    student = factory.SubFactory(StudentFactory)
    full_name = factory.Sequence(lambda n: f"Guardian Number{n}")
    email = factory.Sequence(lambda n: f"guardian-{n}@people.example")


class CancellationTermsFactory(AcrossSchools):
    """Free until 12:00 the business day before; then 50 %; from 07:00 the same day 100 %."""

    class Meta:
        model = CancellationTerms
        skip_postgeneration_save = True

    school = factory.SubFactory(SchoolFactory)
    name = factory.Sequence(lambda n: f"Terms {n}")

    @factory.post_generation
    def steps(terms, create, extracted, **kwargs):  # noqa: N805 -- factory_boy passes the object
        if not create or extracted is False:
            return
        late = {"deadline": DeadlineKind.BUSINESS_DAYS_BEFORE, "amount": 1, "percent": 50}
        last = {"deadline": DeadlineKind.DAYS_BEFORE, "amount": 0, "percent": 100}
        for step, clock in ((late, dt.time(12)), (last, dt.time(7))):
            CancellationStep.across_schools.create(
                school=terms.school, terms=terms, clock_time=clock, **step
            )


class LessonTypeFactory(AcrossSchools):
    class Meta:
        model = LessonType
        skip_postgeneration_save = True

    school = factory.SubFactory(SchoolFactory)
    name = factory.Sequence(lambda n: f"Driving lesson {n}")
    kind = LessonKind.PRACTICAL
    duration_minutes = 90
    self_booking = SelfBooking.INSTANT
    cancellation_terms = factory.SubFactory(
        CancellationTermsFactory, school=factory.SelfAttribute("..school")
    )

    @factory.post_generation
    def needs(lesson_type, create, extracted, **kwargs):  # noqa: N805 -- factory_boy passes the object
        for kind in [ResourceKind.VEHICLE] if extracted is None else extracted:
            LessonTypeNeed.across_schools.create(
                school=lesson_type.school, lesson_type=lesson_type, kind=kind
            )


class VehicleFactory(AcrossSchools):
    class Meta:
        model = Resource

    school = factory.SubFactory(SchoolFactory)
    department = factory.SubFactory(DepartmentFactory, school=factory.SelfAttribute("..school"))
    kind = ResourceKind.VEHICLE
    name = factory.Sequence(lambda n: f"Car {n}")
    gearbox = "manual"
    licence_categories = factory.LazyFunction(lambda: ["B"])


class WeeklyAvailabilityFactory(AcrossSchools):
    class Meta:
        model = WeeklyAvailability

    school = factory.SelfAttribute("teacher.school")
    teacher = factory.SubFactory(TeacherFactory)
    weekday = 0
    starts_at = dt.time(8)
    ends_at = dt.time(18)
    valid_from = dt.date(2020, 1, 1)


class BookingFactory(AcrossSchools):
    """A confirmed lesson on Thursday 12.00-13.30 with one student, one vehicle, its occupancies.

    It writes the rows as the service would; history is left to the services.
    """

    class Meta:
        model = Booking
        skip_postgeneration_save = True

    class Params:
        starts = NOON
        minutes = 90

    school = factory.SubFactory(SchoolFactory)
    department = factory.SubFactory(DepartmentFactory, school=factory.SelfAttribute("..school"))
    lesson_type = factory.SubFactory(LessonTypeFactory, school=factory.SelfAttribute("..school"))
    teacher = factory.SubFactory(TeacherFactory, school=factory.SelfAttribute("..school"))
    cancellation_terms = factory.SelfAttribute("lesson_type.cancellation_terms")
    period = factory.LazyAttribute(
        lambda o: DateTimeTZRange(o.starts, o.starts + dt.timedelta(minutes=o.minutes))
    )
    zone = "Europe/Copenhagen"
    wall_date = factory.LazyAttribute(lambda o: o.starts.astimezone(ZoneInfo(o.zone)).date())
    wall_time = factory.LazyAttribute(
        lambda o: o.starts.astimezone(ZoneInfo(o.zone)).time().replace(tzinfo=None)
    )
    status = BookingStatus.CONFIRMED
    request_key = factory.LazyFunction(uuid.uuid4)
    created_by = factory.SelfAttribute("teacher.membership.user")
    created_at = NOW

    @factory.post_generation
    def students(booking, create, extracted, **kwargs):  # noqa: N805 -- factory_boy passes the object
        chosen = [StudentFactory(school=booking.school)] if extracted is None else extracted
        for student in chosen:
            ParticipationFactory(booking=booking, student=student)
        users = [student.membership.user for student in chosen]
        for user in [*users, booking.teacher.membership.user]:
            Occupancy.across_schools.create(
                school=booking.school, booking=booking, user=user, period=booking.period
            )

    @factory.post_generation
    def resources(booking, create, extracted, **kwargs):  # noqa: N805 -- factory_boy passes the object
        for resource in extracted or ():
            BookingResource.across_schools.create(
                school=booking.school, booking=booking, resource=resource
            )
            Occupancy.across_schools.create(
                school=booking.school, booking=booking, resource=resource, period=booking.period
            )


class ParticipationFactory(AcrossSchools):
    class Meta:
        model = Participation

    school = factory.SelfAttribute("booking.school")
    booking = factory.SubFactory(BookingFactory, students=())
    student = factory.SubFactory(StudentFactory, school=factory.SelfAttribute("..booking.school"))
    price_minor = 550_00
    currency = "DKK"
