"""The school before anyone drives: departments, staff, vehicles, lesson types, terms, hours."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import holidays
from django.contrib.auth.hashers import make_password

from administration.enums import Role
from administration.models import (
    Department,
    Membership,
    School,
    Teacher,
    TeacherDepartment,
    User,
)
from bookings.enums import DeadlineKind, LessonKind, ResourceKind, SelfBooking
from bookings.models import (
    CancellationStep,
    CancellationTerms,
    ClosedDay,
    LessonType,
    LessonTypeNeed,
    Resource,
    WeeklyAvailability,
)
from finance.enums import GatewayName, ProductKind
from finance.models import Product
from finance.services import open_books
from finance.services.catalogue import standard_vat_code
from justdriving.demo import PASSWORD
from justdriving.demo.names import TEACHERS, VEHICLES
from justdriving.demo.prices import set_prices
from justdriving.demo.rules import make_demanding_lesson_types, set_booking_rules
from learning.models import LessonPlan
from learning.services import install_plan

CLEANED_AFTERWARDS = "Toyota Yaris"
CLOSED_TRACK = {
    "owner": "Sydhavnens Kørebane",
    "contact_name": "Jens Toft",
    "contact_email": "booking@koerebane.example",
    "contact_phone": "+4544112233",
    "directions": "Indkørsel ved port 3. Mød ti minutter før i klubhuset.",
    "max_bookings_per_day": 2,
    "max_bookings_per_week": 6,
}
SKID_PAD = {
    "owner": "Hedens Køretekniske Anlæg",
    "contact_name": "Lone Dam",
    "contact_email": "hold@koereteknik.example",
    "contact_phone": "+4544114455",
    "directions": "Følg skiltene fra motorvejen, frakørsel 7. Husk legitimation.",
    "max_bookings_per_day": 1,
}
HOURS: tuple[Sequence[tuple[int, int, int]], ...] = (
    [(day, 8, 16) for day in range(5)],
    [(0, 9, 17), (1, 9, 17), (2, 12, 20), (3, 9, 17), (4, 9, 15)],
    [(0, 10, 18), (2, 10, 18), (3, 10, 20), (4, 8, 16), (5, 9, 13)],
)


@dataclass(frozen=True, slots=True)
class Structure:
    """What lessons are made of."""

    school: School
    departments: list[Department]
    owner: Membership
    office: Membership
    teachers: list[Teacher]
    driving: LessonType
    double: LessonType
    track: LessonType
    theory: LessonType
    plan: LessonPlan


@cache
def hashed_password() -> str:
    """Hashed once for everybody: it is slow on purpose."""
    return make_password(PASSWORD)


def sign_in_as(email: str, full_name: str, phone: str = "") -> User:
    """The user with this address; made with the demo's password when missing."""
    user = User.objects.filter(email=email).first()
    return user or User.objects.create(
        email=email, password=hashed_password(), full_name=full_name, phone=phone
    )


def member(school: School, email: str, full_name: str, role: Role, phone: str = "") -> Membership:
    user = sign_in_as(email, full_name, phone)
    return Membership.objects.create(school=school, user=user, role=role)


def make_teachers(
    school: School, departments: list[Department], names: Sequence[tuple[str, str]], since: dt.date
) -> None:
    """Teachers with their week; the third one in each row of hours also works on a Saturday."""
    for number, (full_name, short) in enumerate(names):
        teacher = Teacher.objects.create(
            school=school,
            membership=member(
                school,
                f"{short}@nordlys.example",
                full_name,
                Role.TEACHER,
                phone=f"+45202020{number + 10}",
            ),
            licence_categories=["B"],
        )
        TeacherDepartment.objects.create(
            school=school, teacher=teacher, department=departments[number % len(departments)]
        )
        WeeklyAvailability.objects.bulk_create(
            WeeklyAvailability(
                school=school,
                teacher=teacher,
                weekday=weekday,
                starts_at=dt.time(begin),
                ends_at=dt.time(end),
                valid_from=since,
            )
            for weekday, begin, end in HOURS[number % len(HOURS)]
        )


def make_vehicles(school: School, departments: list[Department], count: int) -> None:
    Resource.objects.bulk_create(
        Resource(
            school=school,
            department=departments[number % len(departments)],
            kind=ResourceKind.VEHICLE,
            name=name,
            plate=plate,
            gearbox=gearbox,
            licence_categories=["B"],
            buffer_after_minutes=10 if name == CLEANED_AFTERWARDS else 0,
        )
        for number, (name, plate, gearbox) in enumerate(VEHICLES[:count])
    )


def make_terms(school: School) -> CancellationTerms:
    """The default of a Danish school: noon the business day before, then 50 %, then 100 %."""
    terms = CancellationTerms.objects.create(school=school, name="Køretimer")
    for deadline, amount, clock_time, percent in (
        (DeadlineKind.BUSINESS_DAYS_BEFORE, 1, dt.time(12), 50),
        (DeadlineKind.DAYS_BEFORE, 0, dt.time(7), 100),
    ):
        CancellationStep.objects.create(
            school=school,
            terms=terms,
            deadline=deadline,
            amount=amount,
            clock_time=clock_time,
            percent=percent,
        )
    return terms


def make_track_terms(school: School) -> CancellationTerms:
    terms = CancellationTerms.objects.create(school=school, name="Bane")
    CancellationStep.objects.create(
        school=school,
        terms=terms,
        deadline=DeadlineKind.BUSINESS_DAYS_BEFORE,
        amount=7,
        clock_time=dt.time(12),
        fixed_minor=800_00,
    )
    return terms


def make_lesson_type(
    terms: CancellationTerms, *, price_minor: int, need: ResourceKind, **values: Any
) -> LessonType:
    """A lesson type, what it needs, and its line in the price list."""
    lesson_type: LessonType = LessonType.objects.create(
        school=terms.school, cancellation_terms=terms, **values
    )
    LessonTypeNeed.objects.create(school=terms.school, lesson_type=lesson_type, kind=need)
    Product.objects.create(
        school=terms.school,
        name=lesson_type.name,
        kind=ProductKind.LESSON,
        lesson_type=lesson_type,
        price_minor=price_minor,
        vat_code=standard_vat_code(terms.school),
    )
    return lesson_type


def open_finance(school: School) -> None:
    """A sign-up fee, eight days to pay, and the demonstration's payment page."""
    books = open_books(school=school)
    books.signup_fee = Product.objects.create(
        school=school,
        name="Indmeldelse",
        kind=ProductKind.SIGNUP_FEE,
        price_minor=500_00,
        vat_code=standard_vat_code(school),
    )
    books.gateway = GatewayName.DEMO
    books.bank_details = "Reg. 1234 konto 0012345678"
    books.save()


def close_on_holidays(school: School, years: Sequence[int]) -> None:
    """Public holidays of the school's country, by their Danish names."""
    days = holidays.country_holidays(school.country, years=years, language="da")
    ClosedDay.objects.bulk_create(
        ClosedDay(school=school, on=day, name=name, is_public_holiday=True)
        for day, name in sorted(days.items())
    )


def make_departments(school: School) -> list[Department]:
    return [
        Department.objects.create(school=school, name=name, address=address, phone="+4533445566")
        for name, address in (
            ("Nørrebro", "Nørrebrogade 52, 2200 København N"),
            ("Frederiksberg", "Falkoner Allé 21, 2000 Frederiksberg"),
        )
    ]


def make_rooms(school: School, departments: list[Department], since: dt.datetime) -> None:
    """A room of the school's own; the track and the skid pad are somebody else's."""
    rooms: tuple[tuple[ResourceKind, str, dict[str, Any]], ...] = (
        (ResourceKind.ROOM, "Teorilokale 1", {}),
        (ResourceKind.TRACK, "Manøvrebanen", CLOSED_TRACK),
        (ResourceKind.SKID_PAD, "Glatbanen", SKID_PAD),
    )
    for kind, name, venue in rooms:
        values = venue | {"quota_since": since} if venue else {}
        Resource.objects.create(
            school=school, department=departments[0], kind=kind, name=name, **values
        )


def build(school: School, *, today: dt.date, at: dt.datetime) -> None:
    """Nordlys Køreskole as it stands before its students come."""
    departments = make_departments(school)
    close_on_holidays(school, [today.year - 1, today.year, today.year + 1])
    open_finance(school)
    make_rooms(school, departments, at)
    owner = member(school, "ejer@nordlys.example", "Karen Nordlys", Role.OWNER, "+4520303001")
    member(school, "kontor@nordlys.example", "Peter Friis", Role.OFFICE, "+4520303002")
    make_teachers(school, departments, TEACHERS, today - dt.timedelta(days=400))
    make_vehicles(school, departments, len(VEHICLES))
    terms, track_terms = make_terms(school), make_track_terms(school)
    make_lesson_types(terms, track_terms)
    make_demanding_lesson_types(make_lesson_type, track_terms)
    set_prices(school, today)
    set_booking_rules(school, departments, today)
    install_plan(key="denmark-b-2014", by=owner, at=at)


def make_lesson_types(terms: CancellationTerms, track_terms: CancellationTerms) -> None:
    vehicle, practical = ResourceKind.VEHICLE, LessonKind.PRACTICAL
    make_lesson_type(
        terms,
        name="Køretime",
        kind=practical,
        need=vehicle,
        duration_minutes=45,
        price_minor=550_00,
        min_notice_hours=2,
    )
    make_lesson_type(
        terms,
        name="Dobbelt køretime",
        kind=practical,
        need=vehicle,
        duration_minutes=90,
        buffer_after_minutes=15,
        price_minor=1_100_00,
        min_notice_hours=2,
    )
    make_lesson_type(
        track_terms,
        name="Manøvrebane",
        kind=LessonKind.CLOSED_TRACK,
        duration_minutes=180,
        self_booking=SelfBooking.REQUEST,
        price_minor=1_600_00,
        need=vehicle,
    )
    make_lesson_type(
        terms,
        name="Teoriaften",
        kind=LessonKind.THEORY,
        duration_minutes=135,
        capacity=16,
        self_booking=SelfBooking.OFF,
        price_minor=0,
        need=ResourceKind.ROOM,
    )


def find() -> Structure:
    """The school in scope, as ``build`` made it, whatever visitors have renamed since."""
    driving, double, track, theory = LessonType.objects.order_by("pk")[:4]
    people = Membership.objects.select_related("school", "user")
    owner = people.get(user__email="ejer@nordlys.example")
    teachers = Teacher.objects.select_related("membership__school", "membership__user")
    return Structure(
        school=owner.school,
        departments=list(Department.objects.order_by("pk")),
        owner=owner,
        office=people.get(user__email="kontor@nordlys.example"),
        teachers=list(teachers.order_by("pk")[: len(TEACHERS)]),
        driving=driving,
        double=double,
        track=track,
        theory=theory,
        plan=LessonPlan.objects.earliest("pk"),
    )
