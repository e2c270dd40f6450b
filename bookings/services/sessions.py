"""Weekly sessions: a template, and the dated bookings it gives, each day at most one."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.translation import gettext as _
from django.utils.translation import override

from administration.models import Membership
from administration.permissions import Permission, may
from bookings.buffers import agreed_buffers, buffers_of
from bookings.enums import (
    BookingChange,
    BookingResourceStatus,
    BookingStatus,
    ParticipationStatus,
    Party,
)
from bookings.models import (
    Booking,
    BookingResource,
    Participation,
    SessionTemplate,
    SessionTemplateResource,
    SkippedSession,
)
from bookings.queries.proposals import found
from bookings.queries.series import (
    AS_PLANNED,
    CHOSEN,
    Choice,
    DayPlan,
    Seen,
    Thing,
    class_of,
    preview_template,
    seen_days,
    things_of,
)
from bookings.services.booking import Clash, new_places
from bookings.services.history import Doing, announce, overridden_rules, record, record_places
from bookings.services.holding import keys_of
from bookings.services.occupancy import Claim, occupy
from bookings.services.seating import tell_of_seats
from justdriving.kernel.locks import take_sorted
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case

TEMPLATE_FIELDS = (
    "department", "name", "lesson_type", "teacher", "group", "weekday", "starts_at", "minutes",
    "capacity", "place", "first_day", "last_day", "every_weeks", "weeks_ahead",
)  # fmt: skip
LATER_FIELDS = ("name", "weeks_ahead")
NO_CHOICES: Mapping[date, Choice] = MappingProxyType({})
UNSEEN = Seen("", "")


@dataclass(frozen=True, slots=True)
class Generated:
    """What became of the days of a template: bookings made, and the days left out."""

    made: list[Booking] = field(default_factory=list)
    left_out: list[DayPlan] = field(default_factory=list)


@use_case
def save_template(  # noqa: PLR0913 -- a use case names everything it needs
    *,
    by: Membership,
    at: datetime,
    values: Mapping[str, Any],
    things: Sequence[Thing],
    overrides: Mapping[str, str] = MappingProxyType({}),
    choices: Mapping[date, Choice] = NO_CHOICES,
    expected: Mapping[date, Seen] | None = None,
) -> tuple[SessionTemplate, Generated]:
    """Create a template with a value for each of TEMPLATE_FIELDS and plan its first sessions.

    ``at`` is now, UTC. ``overrides`` (code -> reason) hold for every session of it. ``choices`` are
    made for single days. ``expected`` is what the preview showed: if the calendar gives another by
    now (``plan-changed``), or a choice made since leaves a day out unseen (``choice-fails``),
    nothing is saved. Raises Refused: these, ``not-allowed``, ``ends-before-it-begins``. Source:
    seed 003, steps 3 to 5.
    """
    enforce(_may_override(by, overrides, choices))
    template = draft_template(by=by, values=values, overrides=overrides)
    enforce(_ends_in_order(template))
    template.save(force_insert=True)
    SessionTemplateResource.objects.bulk_create(
        SessionTemplateResource(
            school_id=template.school_id,
            template=template,
            resource=thing.resource,
            is_place=thing.is_place,
        )
        for thing in things
    )
    return template, _generate(template, by=by, at=at, choices=choices, expected=expected)


@use_case
def update_template(
    *, template_id: int, by: Membership, values: Mapping[str, Any], things: Sequence[Thing]
) -> SessionTemplate:
    """Give a template another value for each of LATER_FIELDS and other things.

    Both hold for sessions planned from now on; those in the calendar stay as they are. Raises
    Refused ``not-found``.
    """
    template = hold_template(template_id, by)
    for name in LATER_FIELDS:
        setattr(template, name, values[name])
    template.version += 1
    template.save()
    rows = SessionTemplateResource.objects.filter(template=template)
    rows.exclude(resource__in=[thing.resource for thing in things]).delete()
    for thing in things:
        rows.update_or_create(
            template=template,
            resource=thing.resource,
            defaults={"is_place": thing.is_place},
            create_defaults={"school_id": template.school_id, "is_place": thing.is_place},
        )
    return template


@use_case
def generate_sessions(
    *,
    template_id: int,
    by: Membership | None,
    at: datetime,
    choices: Mapping[date, Choice] = NO_CHOICES,
) -> Generated:
    """Write the sessions a template gives from ``at`` (now, UTC) to ``weeks_ahead`` weeks ahead.

    Every day at most once, however often and by however many at once it is asked. ``by`` None is
    the nightly job. A day that a rule refuses is left out, noted with its reason and tried again
    the next time; one that somebody chose to leave out stays so. Raises Refused ``not-found``,
    ``not-allowed``. Source: seed 003, step 4.
    """
    if by is not None:
        enforce(_may_override(by, {}, choices))
    template = hold_template(template_id, by)
    if not template.is_active:
        return Generated()
    return _generate(template, by=by, at=at, choices=choices)


def generate_all(*, at: datetime) -> int:
    """Generate for every template in use of the school in scope, each in its own transaction.

    ``at`` is now, UTC. One that is busy is left to the next run. Returns how many were made.
    """
    rows = SessionTemplate.objects.filter(is_active=True).order_by("pk")
    made = 0
    for template_id, language in rows.values_list("pk", "school__language"):
        with suppress(Refused), override(language):
            generated = generate_sessions(template_id=template_id, by=None, at=at)
            made += len(generated.made)
    return made


def draft_template(
    *, by: Membership, values: Mapping[str, Any], overrides: Mapping[str, str]
) -> SessionTemplate:
    """A template with these values, unsaved: what a preview judges."""
    return SessionTemplate(
        school=by.school,
        created_by=by.user,
        overridden_rules={code: reason for code, reason in overrides.items() if reason.strip()},
        **{name: values[name] for name in TEMPLATE_FIELDS},
    )


def hold_template(template_id: int, by: Membership | None) -> SessionTemplate:
    """Lock a template until the transaction ends, then its class; raises Refused ``not-found``.

    Its lock comes before every other one, the class's is the next: whoever plans takes both before
    any booking, person or thing.
    """
    take_sorted([("template", template_id)])
    template: SessionTemplate = found(_templates_of(by).filter(pk=template_id))
    hold_group(template.group_id)
    return template


def hold_templates(template_ids: Collection[int], by: Membership) -> dict[int, SessionTemplate]:
    """Lock several like ``hold_template``, all before their classes; what is not seen is absent."""
    take_sorted(("template", template_id) for template_id in template_ids)
    templates: dict[int, SessionTemplate] = _templates_of(by).in_bulk(template_ids)
    take_sorted(("group", one.group_id) for one in templates.values() if one.group_id)
    return templates


def hold_group(group_id: int | None) -> None:
    """Lock a class: who is in it stays so until the transaction ends."""
    if group_id:
        take_sorted([("group", group_id)])


def _templates_of(by: Membership | None) -> Any:
    everything: Any = SessionTemplate.objects.all()
    rows = everything if by is None else SessionTemplate.objects.visible_to(by)
    return rows.select_related(
        "school", "lesson_type", "teacher__membership__user", "created_by", "group"
    )


def _generate(
    template: SessionTemplate,
    *,
    by: Membership | None,
    at: datetime,
    choices: Mapping[date, Choice],
    expected: Mapping[date, Seen] | None = None,
) -> Generated:
    """Plan every open day under the locks of all concerned, and write what may be."""
    things = things_of(template)
    users = [template.teacher.membership.user_id]
    users += [student.membership.user_id for student in class_of(template)]
    take_sorted(keys_of(users, (thing.resource.pk for thing in things)))
    plans = preview_template(template=template, things=things, at=at, choices=choices)
    if expected is not None:
        seen = seen_days(plans, template=template, things=things, at=at, choices=choices)
        enforce(_plan_changed(seen, expected))
    generated = Generated()
    for plan in plans:
        booking = None if plan.code != "ok" else _written(template, plan, by, at, choices)
        if booking is None:
            _note_skipped(template, plan, at)
            generated.left_out.append(plan)
        else:
            generated.made.append(booking)
    days = [booking.template_day for booking in generated.made if booking.template_day]
    SkippedSession.objects.filter(template=template, on__in=days).delete()
    if template.group_id:
        tell_of_seats(_seats_in(generated.made), at)
    return generated


def _seats_in(bookings: Sequence[Booking]) -> list[Participation]:
    rows = Participation.objects.filter(booking__in=bookings)
    return list(rows.select_related("student__membership__user").order_by("pk"))


def _written(
    template: SessionTemplate,
    plan: DayPlan,
    by: Membership | None,
    at: datetime,
    choices: Mapping[date, Choice],
) -> Booking | None:
    """The session of one day with all it takes; None when the database itself refuses it."""
    booking = _new_session(template, plan, by, at)
    reasons = {**template.overridden_rules, **choices.get(plan.day, AS_PLANNED).overrides}
    doing = Doing(
        by=by.user if by else None,
        party=Party.SCHOOL if by else Party.SYSTEM,
        at=at,
        muted=True,
        overridden=overridden_rules(plan.set_aside, reasons),
    )
    claim = Claim(
        teacher_user_id=template.teacher.membership.user_id,
        student_user_ids=[student.membership.user_id for student in plan.students],
        things={one.pk: buffers_of(template.lesson_type, one) for one in plan.resources},
    )
    booking.save(force_insert=True)
    try:
        occupy(booking, claim, _clashes(template), is_new=True)
    except Refused:
        booking.delete()
        return None
    BookingResource.objects.bulk_create(_resources(booking, plan))
    places = new_places(booking, plan.students, None, at=at)
    Participation.objects.bulk_create(places)
    transition = record(booking, doing, BookingChange.CREATED)
    moved = [(place, ParticipationStatus.BOOKED) for place in places]
    announce(transition, record_places(transition, moved))
    return booking


def _new_session(
    template: SessionTemplate, plan: DayPlan, by: Membership | None, at: datetime
) -> Booking:
    zone, lesson_type = template.school.zone, template.lesson_type
    wall = plan.starts_at.astimezone(zone)  # type: ignore[union-attr]  # a day that is ok has its instants
    edited = {
        "day": plan.is_moved,
        "starts_at": wall.time() != template.starts_at,
    }
    return Booking(
        school=template.school,
        department_id=template.department_id,
        lesson_type=lesson_type,
        teacher=template.teacher,
        period=DateTimeTZRange(plan.starts_at, plan.ends_at),
        wall_date=wall.date(),
        wall_time=wall.time(),
        zone=zone.key,
        **agreed_buffers(lesson_type, template.teacher),
        place=template.place,
        capacity=template.capacity,
        status=BookingStatus.CONFIRMED,
        group_id=template.group_id,
        template=template,
        template_day=plan.day,
        edited_fields=[name for name, is_edited in edited.items() if is_edited],
        cancellation_terms_id=lesson_type.cancellation_terms_id,
        request_key=uuid.uuid4(),
        created_by=by.user if by else template.created_by,
        created_at=at,
    )


def _resources(booking: Booking, plan: DayPlan) -> list[BookingResource]:
    """The room is reserved for all; each place is available until somebody gets it."""
    broken = [one.who for one in plan.without if one.refusals[0].code == "resource-unsuitable"]
    in_service = BookingResourceStatus
    rows = [
        (one, in_service.AVAILABLE if one.pk in plan.places else in_service.RESERVED)
        for one in plan.resources
    ]
    rows += [(one, in_service.OUT_OF_SERVICE) for one in broken]  # type: ignore[misc]  # places are resources
    return [
        BookingResource(
            school_id=booking.school_id,
            booking=booking,
            resource=resource,
            status=status,
            is_place=status != in_service.RESERVED,
            **agreed_buffers(booking.lesson_type, resource),
        )
        for resource, status in rows
    ]


def _clashes(template: SessionTemplate) -> dict[str, Clash]:
    return {
        "person_in_one_booking_at_a_time": Clash("teacher-booked", str(template.teacher)),
        "resource_in_one_booking_at_a_time": Clash("resource-booked", template.name),
    }


def _note_skipped(template: SessionTemplate, plan: DayPlan, at: datetime) -> None:
    code, message = plan.code, plan.message
    if code == "ok":
        code, message = "busy", _("Somebody was booked a moment ago.")
    SkippedSession.objects.update_or_create(
        template=template,
        on=plan.day,
        defaults={"code": code, "message": message[:300], "skipped_at": at},
        create_defaults={
            "school_id": template.school_id,
            "code": code,
            "message": message[:300],
            "skipped_at": at,
        },
    )


def _may_override(
    by: Membership, overrides: Mapping[str, str], choices: Mapping[date, Choice]
) -> Refusal | None:
    """Whether whoever overrules a rule may do so; leaving a day out needs no permission."""
    wanted = any(overrides.values()) or any(choice.overrides for choice in choices.values())
    if wanted and not may(by, Permission.OVERRIDE_RULE):
        return Refusal("not-allowed", _("Ask the school to do this."))
    return None


def _ends_in_order(template: SessionTemplate) -> Refusal | None:
    if template.last_day and template.last_day < template.first_day:
        return Refusal("ends-before-it-begins", _("It ends before it begins."))
    return None


def _plan_changed(seen: Mapping[date, Seen], expected: Mapping[date, Seen]) -> Refusal | None:
    """Whether the calendar is another than was shown, or what was decided since fails unseen."""
    if _found(seen) != _found(expected):
        message = _("The calendar changed meanwhile. Look at the days once more.")
        return Refusal("plan-changed", message)
    if all(_is_as_shown(one, expected.get(day, UNSEEN)) for day, one in seen.items()):
        return None
    message = _("One of your choices does not work. Look at the days once more.")
    return Refusal("choice-fails", message)


def _found(seen: Mapping[date, Seen]) -> dict[date, str]:
    return {day: one.found for day, one in seen.items() if one.found}


def _is_as_shown(now: Seen, then: Seen) -> bool:
    return now.shown == then.shown or now.shown in {"ok", CHOSEN}
