"""How the demonstration school books: limits, opening hours, reasons, papers and due dates."""

import datetime as dt
from typing import Any

from administration.enums import DocumentKind
from administration.models import Department, School, Student, StudentDocument
from bookings.enums import (
    DueDateKind,
    EligibilityAttribute,
    LessonKind,
    Party,
    ReasonCategory,
    ResourceKind,
    SelfBooking,
)
from bookings.models import (
    BookingSettings,
    CancellationReason,
    CancellationTerms,
    DailyCap,
    EligibilityRule,
    LessonType,
    OpeningHours,
    Resource,
    ResourceDueDate,
    ResourceOutage,
)
from justdriving.kernel.clock import instant_or_next

OPENS, CLOSES = dt.time(7), dt.time(23)
SEVENTEEN, SIXTEEN_AND_THREE_QUARTERS = 17 * 12, 16 * 12 + 9
LAW = "Kørekortbekendtgørelsen, bilag 3"
CAPS = (
    (LessonKind.THEORY, 4, 6),
    (LessonKind.PRACTICAL, 2, 6),
    (LessonKind.CLOSED_TRACK, 4, 8),
    (LessonKind.SKID_PAD, 5, 9),
)
REASONS = (
    ("Sygdom", ReasonCategory.ILLNESS, Party.STUDENT, False, False),
    ("Sygdom med lægeerklæring", ReasonCategory.ILLNESS, Party.STUDENT, True, True),
    ("Arbejde eller skole", ReasonCategory.PERSONAL, Party.STUDENT, False, False),
    ("Glat føre", ReasonCategory.WEATHER, "", True, False),
    ("Bilen er i stykker", ReasonCategory.VEHICLE, Party.SCHOOL, True, False),
    ("Læreren er syg", ReasonCategory.ILLNESS, Party.SCHOOL, True, False),
)


def set_booking_rules(school: School, departments: list[Department], today: dt.date) -> None:
    """Everything a visitor would look for on the settings pages."""
    BookingSettings.objects.create(
        school=school,
        max_active_bookings=8,
        max_bookings_per_week=5,
        max_moves=3,
        max_teacher_minutes_per_day=8 * 60,
        max_debt_minor=10_000_00,
        offer_minutes=120,
        lesson_minutes=45,
    )
    BookingSettings.objects.create(
        school=school, department=departments[1], max_active_bookings=6, max_moves=2
    )
    DailyCap.objects.bulk_create(
        DailyCap(school=school, kind=kind, most=most, most_together=together, source=LAW)
        for kind, most, together in CAPS
    )
    OpeningHours.objects.bulk_create(
        OpeningHours(school=school, weekday=day, opens_at=OPENS, closes_at=CLOSES)
        for day in range(7)
    )
    CancellationReason.objects.bulk_create(
        CancellationReason(
            school=school,
            name=name,
            category=category,
            party=party,
            waives_fee=waives,
            needs_document=paper,
        )
        for name, category, party, waives, paper in REASONS
    )
    _look_after_vehicles(school, today)


def _look_after_vehicles(school: School, today: dt.date) -> None:
    """Most are in order; one goes to the workshop next week, one should have had new tyres."""
    vehicles = list(Resource.objects.filter(kind=ResourceKind.VEHICLE).order_by("pk"))
    for number, vehicle in enumerate(vehicles):
        for kind, days in ((DueDateKind.INSPECTION, 210), (DueDateKind.INSURANCE, 120)):
            due = today + dt.timedelta(days=days + 37 * number)
            ResourceDueDate.objects.create(school=school, resource=vehicle, kind=kind, due_on=due)
    tyres, soon, workshop = vehicles[-3:]
    ResourceDueDate.objects.create(
        school=school,
        resource=tyres,
        kind=DueDateKind.TYRES,
        due_on=today - dt.timedelta(days=6),
        blocks=False,
    )
    inspections = ResourceDueDate.objects.filter(resource=soon, kind=DueDateKind.INSPECTION)
    inspections.update(due_on=today + dt.timedelta(days=20))
    Resource.objects.filter(pk=soon.pk).update(odometer_km=44_300, odometer_read_on=today)
    ResourceDueDate.objects.create(
        school=school,
        resource=soon,
        kind=DueDateKind.SERVICE,
        due_on=today + dt.timedelta(days=160),
        due_km=45_000,
    )
    monday = today + dt.timedelta(days=14 - today.weekday())
    bounds = (monday, monday + dt.timedelta(days=2))
    ResourceOutage.objects.create(
        school=school,
        resource=workshop,
        period=tuple(instant_or_next(day, dt.time(), school.zone) for day in bounds),
        reason="Værksted: ny kobling",
    )


def make_demanding_lesson_types(make: Any, track_terms: CancellationTerms) -> None:
    """The skid pad and the practical test: who comes must have the papers."""
    skid_pad = make(
        track_terms,
        name="Køreteknisk anlæg",
        kind=LessonKind.SKID_PAD,
        duration_minutes=225,
        capacity=6,
        self_booking=SelfBooking.INSTANT,
        price_minor=1_900_00,
        need=ResourceKind.SKID_PAD,
    )
    exam = make(
        track_terms,
        name="Praktisk prøve",
        kind=LessonKind.EXAM,
        duration_minutes=90,
        self_booking=SelfBooking.OFF,
        price_minor=1_600_00,
        need=ResourceKind.VEHICLE,
    )
    _ask(skid_pad, EligibilityAttribute.AGE_MONTHS, minimum=SIXTEEN_AND_THREE_QUARTERS)
    _ask(exam, EligibilityAttribute.AGE_MONTHS, minimum=SEVENTEEN)
    _ask(exam, EligibilityAttribute.MEDICAL)
    _ask(exam, EligibilityAttribute.FIRST_AID)


def _ask(
    lesson_type: LessonType, attribute: EligibilityAttribute, minimum: int | None = None
) -> None:
    EligibilityRule.objects.create(
        school=lesson_type.school, lesson_type=lesson_type, attribute=attribute, minimum=minimum
    )


def hand_in_papers(students: list[Student], today: dt.date) -> None:
    """Two of three have shown their papers; some of these lapse soon."""
    rows = [
        StudentDocument(
            school_id=student.school_id,
            student=student,
            kind=kind,
            valid_from=today - dt.timedelta(days=330 - 11 * (number % 30)),
            valid_until=today + dt.timedelta(days=35 + 11 * (number % 30)),
        )
        for number, student in enumerate(students)
        if number % 3
        for kind in (DocumentKind.MEDICAL, DocumentKind.FIRST_AID)
    ]
    StudentDocument.objects.bulk_create(rows)
