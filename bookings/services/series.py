"""Changing a weekly session: only this one, this and the following, or all that are to come."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.db import transaction as database
from django.db.models import Q
from django.utils.translation import gettext as _

from administration.models import Membership
from bookings.enums import ParticipationStatus
from bookings.models import (
    Booking,
    Participation,
    SessionTemplate,
    SessionTemplateResource,
    SkippedSession,
)
from bookings.policies import party_of
from bookings.queries.proposals import found, teacher_for
from bookings.queries.series import linked_plans
from bookings.services.booking import NO_OVERRIDES
from bookings.services.cancelling import end_booking
from bookings.services.history import Doing
from bookings.services.holding import changeable_by, hold_all, keys_of, live_places
from bookings.services.occurrences import (
    OPEN,
    Change,
    Fate,
    Outcome,
    Scope,
    SessionEdit,
    applied,
    values_of,
)
from bookings.services.sessions import hold_template, hold_templates
from justdriving.kernel.policy import Refusal, Refused, enforce
from justdriving.kernel.transactions import use_case


@use_case
def change_sessions(
    *,
    booking_id: int,
    scope: Scope,
    edit: SessionEdit,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> list[Outcome]:
    """Change one session of a template, it and those after it, or all that have not begun.

    ``at`` is now, UTC. What was edited in a session before stays as it is, field by field; a
    cancelled one stays cancelled; one that a rule refuses stays as it is and says why; one with
    students is moved and they are told. "Following" splits the template at this session. The
    sessions of plans that were split from each other are changed together. Raises Refused
    ``not-found``, ``already-started``, ``no-such-time``, ``nothing-changes``, ``plan-changed``, and
    for one session the code of a rule. Source: seed 003, "cancel/reschedule sessions".
    """
    outcomes = _change(booking_id, scope, edit, by, at, overrides)
    enforce(changes_nothing(outcomes, edit))
    return outcomes


@use_case
def preview_change(
    *,
    booking_id: int,
    scope: Scope,
    edit: SessionEdit,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str] = NO_OVERRIDES,
) -> list[Outcome]:
    """What ``change_sessions`` would do: it is done and taken back, so both always agree."""
    outcomes = _change(booking_id, scope, edit, by, at, overrides)
    database.set_rollback(True)
    return outcomes


def changes_nothing(outcomes: Iterable[Outcome], edit: SessionEdit) -> Refusal | None:
    """A plan that none of its sessions can follow is not written; where all keep edits, it is."""
    fates = {outcome.fate for outcome in outcomes}
    if Fate.CHANGED in fates or (Fate.REFUSED not in fates and edit != SessionEdit()):
        return None
    message = _("This changes no session, so the weekly plan stays as it is too.")
    return Refusal("nothing-changes", message)


def _change(
    booking_id: int,
    scope: Scope,
    edit: SessionEdit,
    by: Membership,
    at: datetime,
    overrides: Mapping[str, str],
) -> list[Outcome]:
    seen = changeable_by(by).filter(template__isnull=False)
    asked = found(seen.filter(pk=booking_id))
    templates = _held_plans(asked, scope, by)
    shift = _shift(asked, edit, scope)
    change = Change(edit, scope, shift, by, at, overrides)
    days = _days(asked, scope)
    chosen = Booking.objects.filter(days, template__in=templates, period__startswith__gt=at)
    ids = list(chosen.order_by("pk").values_list("pk", flat=True))
    new_teacher = teacher_for(by, edit.teacher_id) if edit.teacher_id else None
    teachers = [new_teacher or template.teacher for template in templates.values()]
    users = (teacher.membership.user_id for teacher in teachers)
    bookings = hold_all(ids, seen, keys_of(users, ()))
    enforce(_has_begun(bookings, booking_id))
    old = {one.pk: values_of(templates[one.template_id or 0], one) for one in bookings}
    if scope is not Scope.ONE:
        _rewrite_plans(templates, change, bookings)
    outcomes = [applied(booking, old[booking.pk], change) for booking in _in_turn(bookings, shift)]
    outcomes.sort(key=lambda outcome: outcome.before[:2])
    if scope is Scope.ONE and outcomes[0].fate is Fate.REFUSED:
        raise Refused(*outcomes[0].refusals)
    return outcomes


def _held_plans(asked: Booking, scope: Scope, by: Membership) -> dict[int, SessionTemplate]:
    """The plan of a session by its id; for several sessions, with those it was split from or into.

    Raises Refused ``plan-changed`` when one more was split off while the locks were waited for.
    """
    asked_id = asked.template_id or 0
    if scope is Scope.ONE:
        return {asked_id: hold_template(asked_id, by)}
    linked = linked_plans(asked_id)
    templates = hold_templates(linked, by)
    if linked_plans(asked_id) != linked:
        message = _("The calendar changed meanwhile. Look at the days once more.")
        raise Refused(Refusal("plan-changed", message))
    return templates


def _shift(asked: Booking, edit: SessionEdit, scope: Scope) -> timedelta:
    """How many days the series moves: as many as the session it was typed for."""
    if edit.day is None or scope is Scope.ONE:
        return timedelta()
    return edit.day - asked.wall_date


def _in_turn(bookings: Iterable[Booking], shift: timedelta) -> list[Booking]:
    """In the order in which each leaves its day before the next one comes to it."""
    return sorted(bookings, key=lambda one: one.period.lower, reverse=shift > timedelta())


def _days(asked: Booking, scope: Scope) -> Q:
    match scope:
        case Scope.ONE:
            return Q(pk=asked.pk)
        case Scope.FOLLOWING:
            return Q(template_day__gte=asked.template_day)
        case Scope.ALL:
            return Q()


def _has_begun(bookings: Iterable[Booking], booking_id: int) -> Refusal | None:
    if any(booking.pk == booking_id for booking in bookings):
        return None
    return Refusal("already-started", _("The lesson has already started. Ask the school."))


def _rewrite_plans(
    templates: Mapping[int, SessionTemplate], change: Change, bookings: Iterable[Booking]
) -> None:
    """Give every plan that has one of these sessions its new values.

    The latest goes first: a plan that is split after it becomes the one it continues.
    """
    having: dict[int, list[Booking]] = {}
    for booking in bookings:
        having.setdefault(booking.template_id or 0, []).append(booking)
    plans = sorted((templates[pk] for pk in having), key=lambda one: one.first_day, reverse=True)
    begins = [plan.first_day for plan in plans]
    for plan in plans:
        last_day = plan.last_day
        makes_way = last_day is not None and any(day > last_day for day in begins)
        _rewrite_plan(plan, change, having[plan.pk], makes_way=makes_way)


def _rewrite_plan(
    template: SessionTemplate, change: Change, bookings: Sequence[Booking], *, makes_way: bool
) -> None:
    """Write the new values; split off where sessions before it keep the old ones.

    A plan that ``makes_way`` for a later one moving with it ends as many days earlier as they move.
    """
    first = min(booking.template_day for booking in bookings if booking.template_day)
    splits = change.scope is Scope.FOLLOWING or bool(change.shift)
    if splits and first > template.first_day and _has_earlier(template, first):
        template = _split(template, first)
    elif change.shift:
        template.first_day = first
    edit = change.edit
    template.weekday = (template.weekday + change.shift.days) % 7
    template.first_day += change.shift
    if template.last_day:
        template.last_day += change.shift if makes_way else max(change.shift, timedelta())
        template.last_day = max(template.last_day, template.first_day)
    template.starts_at = edit.starts_at or template.starts_at
    template.minutes = edit.minutes or template.minutes
    template.teacher_id = edit.teacher_id or template.teacher_id
    template.capacity = edit.capacity or template.capacity
    template.place = template.place if edit.place is None else edit.place
    template.version += 1
    template.save()
    if template.pk != bookings[0].template_id:
        ids = [booking.pk for booking in bookings]
        Booking.objects.filter(pk__in=ids).update(template=template)
    for booking in bookings:
        booking.template = template
    if change.shift:
        _shift_days(template, bookings, first, change.shift)


def _shift_days(
    template: SessionTemplate, bookings: Iterable[Booking], first: date, shift: timedelta
) -> None:
    """Move the days the sessions stand for and those left out, one by one: each is there once."""
    latest_first = shift > timedelta()
    for booking in sorted(bookings, key=_template_day, reverse=latest_first):
        booking.template_day = _template_day(booking) + shift
        Booking.objects.filter(pk=booking.pk).update(template_day=booking.template_day)
    skipped = SkippedSession.objects.filter(template=template, on__gte=first)
    for one in skipped.order_by("-on" if latest_first else "on"):
        SkippedSession.objects.filter(pk=one.pk).update(on=one.on + shift)


def _template_day(booking: Booking) -> date:
    return booking.template_day or booking.wall_date


def _has_earlier(template: SessionTemplate, first: date) -> bool:
    return Booking.objects.filter(template=template, template_day__lt=first).exists()


def _split(template: SessionTemplate, first: date) -> SessionTemplate:
    """End the template before ``first`` and continue it in one of its own.

    One that was ended before and keeps sessions with students after its end stays ended.
    """
    things = list(SessionTemplateResource.objects.filter(template=template))
    ended, last_day, before = template.pk, template.last_day, first - timedelta(days=1)
    old_end = min(last_day, before) if last_day else before
    SessionTemplate.objects.filter(pk=ended).update(last_day=old_end)
    template.pk, template.continues_id = None, ended
    template.first_day, template.last_day = first, max(last_day, first) if last_day else None
    template._state.adding = True  # noqa: SLF001 -- Django's own way to copy a row
    template.save(force_insert=True)
    later = SessionTemplate.objects.filter(continues=ended, first_day__gt=first)
    later.exclude(pk=template.pk).update(continues=template)
    for thing in things:
        thing.pk, thing.template = None, template
        thing._state.adding = True  # noqa: SLF001 -- as above
    SessionTemplateResource.objects.bulk_create(things)
    SkippedSession.objects.filter(template=ended, on__gte=first).update(template=template)
    return template


@use_case
def end_template(
    *, template_id: int, last_day: date, by: Membership, at: datetime
) -> tuple[list[Booking], list[Booking]]:
    """End a template with ``last_day`` (school's zone): no session is planned after it.

    Sessions after that day without students are cancelled quietly; those with students stay.
    Returns both. Raises Refused ``not-found``.
    """
    template = hold_template(template_id, by)
    empty, busy = _after(template, last_day, at)
    held = hold_all([booking.pk for booking in empty], Booking.objects.filter(status__in=OPEN))
    doing = Doing(by.user, party_of(by), at, muted=True, batch=uuid.uuid4())
    ended = []
    for booking in held:
        if live_places(booking):
            busy.append(booking)
        else:
            end_booking(booking, [], doing)
            ended.append(booking)
    template.last_day = max(last_day, template.first_day)
    template.is_active = last_day >= at.astimezone(by.school.zone).date()
    template.version += 1
    template.save()
    return ended, busy


def _after(
    template: SessionTemplate, last_day: date, at: datetime
) -> tuple[list[Booking], list[Booking]]:
    """The sessions after a day that have not begun: without students, and with."""
    rows = Booking.objects.filter(
        template=template, template_day__gt=last_day, period__startswith__gt=at, status__in=OPEN
    ).order_by("period")
    taken = set(
        Participation.objects.filter(booking__in=rows)
        .exclude(status=ParticipationStatus.CANCELLED)
        .values_list("booking", flat=True)
    )
    empty = [booking for booking in rows if booking.pk not in taken]
    return empty, [booking for booking in rows if booking.pk in taken]


def ending_of(
    *, template: SessionTemplate, last_day: date, at: datetime
) -> tuple[list[Booking], list[Booking]]:
    """What ``end_template`` would cancel, and what it would leave."""
    return _after(template, last_day, at)
