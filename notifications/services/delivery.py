"""Claim, compose, hand over, write down: a crash at any point costs a delay and nothing else."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from notifications.channels import Unreachable, Way, Ways
from notifications.content import NoLongerTrue, compose
from notifications.enums import LEFT, MessageStatus, Outcome
from notifications.models import Message, MessageAttempt
from notifications.parcels import Handed, Parcel
from notifications.policies import (
    MAX_INTERRUPTIONS,
    Answer,
    Fate,
    back_off,
    fate_after,
    fate_in_doubt,
)

logger = logging.getLogger(__name__)
BATCH = 10
Clock = Callable[[], datetime]


def deliver_due(*, clock: Clock, for_at_most: timedelta = timedelta(seconds=50)) -> int:
    """Send what is due, some at a time, until nothing is or the time is up. Returns how many were
    looked at. Several workers may do this at once.
    """
    worker, looked_at = uuid4().hex, 0
    until = clock() + for_at_most
    with Ways() as ways:
        while clock() < until:
            claimed = claim(at=clock(), limit=BATCH, worker=worker)
            if not claimed:
                break
            for message in claimed:
                deliver(message, way=ways[message.channel], clock=clock)
                looked_at += 1
    return looked_at


@transaction.atomic(durable=True)
def claim(*, at: datetime, limit: int, worker: str) -> list[Message]:
    """Take up to ``limit`` due messages under a lease that no other worker gets past.

    A message whose lease ran out comes back: it is in doubt if it had been handed over.
    """
    due = (
        Message.across_schools.due(at)
        .select_for_update(skip_locked=True, of=("self",))
        .select_related("school", "recipient")
        .order_by("wake_at", "pk")[:limit]
    )
    messages = [message for message in due if _may_be_tried(message, at=at)]
    lease = at + timedelta(seconds=settings.MESSAGE_LEASE_SECONDS)
    Message.across_schools.filter(pk__in=[message.pk for message in messages]).update(
        status=MessageStatus.SENDING, wake_at=lease, claimed_by=worker
    )
    for message in messages:
        message.status, message.wake_at = MessageStatus.SENDING, lease
        message.claimed_by = worker
    return messages


def _may_be_tried(message: Message, *, at: datetime) -> bool:
    """Note what became of the worker before; False ends a message that ends its workers."""
    if message.status != MessageStatus.SENDING:
        return True
    if message.is_in_doubt:
        _note(message, Answer(Outcome.UNKNOWN, error="The worker ended before an answer."), at=at)
        return True
    Message.across_schools.filter(pk=message.pk).update(interruptions=F("interruptions") + 1)
    if message.interruptions < MAX_INTERRUPTIONS:
        return True
    Message.across_schools.filter(pk=message.pk).update(
        status=MessageStatus.FAILED, wake_at=None, last_error="Its workers ended each time."
    )
    return False


def deliver(message: Message, *, way: Way, clock: Clock) -> None:
    """Bring one claimed message a step further: ask, drop, hand over, or put off."""
    if message.is_in_doubt and not _must_be_sent_again(message, way, at=clock()):
        return
    try:
        parcel = compose(message)
        way.open()
    except NoLongerTrue as reason:
        _end(message, MessageStatus.SUPPRESSED, reason.why)
    except Unreachable as error:
        _settle_untaken(message, way, str(error), at=clock())
    except Exception as error:
        logger.exception("Message %s could not be composed", message.pk)
        _settle_untaken(message, way, f"{type(error).__name__}: {error}", at=clock())
    else:
        if _hand_over(message, parcel, way, at=clock()):
            settle(message, _send(way, parcel), at=clock())


def _send(way: Way, parcel: Parcel) -> Answer:
    try:
        return way.send(parcel)
    except Exception as error:
        logger.exception("Handing over message %s ended oddly", parcel.key)
        return Answer(Outcome.UNKNOWN, error=f"{type(error).__name__}: {error}")


def _must_be_sent_again(message: Message, way: Way, *, at: datetime) -> bool:
    """Ask the provider what became of a message in doubt; True when it is to be sent again."""
    handed_over_at = message.handed_over_at or at
    found = way.find(
        Handed(message.pk, message.address, message.body, handed_over_at, message.provider_id)
    )
    fate = fate_in_doubt(
        found,
        event=message.event,
        attempts=message.attempts,
        handed_over_at=handed_over_at,
        at=at,
    )
    if fate is not None:
        _apply_once(message, fate, found, at=at)
    return fate is None


def _apply_once(message: Message, fate: Fate, found: Answer, *, at: datetime) -> None:
    """Two messages of the same words may both recognise themselves in one: the first has it."""
    try:
        with transaction.atomic():
            _apply(message, fate, found, at=at)
    except IntegrityError:
        later = Fate(MessageStatus.UNKNOWN, at + back_off(1), in_doubt=True)
        _apply(message, later, Answer(Outcome.UNKNOWN), at=at)


@transaction.atomic(durable=True)
def _hand_over(message: Message, parcel: Parcel, way: Way, *, at: datetime) -> bool:
    """Write down that the message may be gone from now on; False when the lease is lost."""
    mine = Message.across_schools.filter(
        pk=message.pk,
        claimed_by=message.claimed_by,
        status=MessageStatus.SENDING,
        wake_at__gt=at,
    )
    lease = at + timedelta(seconds=settings.MESSAGE_LEASE_SECONDS)
    message.attempts += 1
    return bool(
        mine.update(
            handed_over_at=at,
            wake_at=lease,
            attempts=message.attempts,
            provider=way.name,
            subject=parcel.subject,
            body=parcel.readable,
        )
    )


def _settle_untaken(message: Message, way: Way, error: str, *, at: datetime) -> None:
    """A try that ended before anything was handed over."""
    message.attempts += 1
    Message.across_schools.filter(pk=message.pk, claimed_by=message.claimed_by).update(
        attempts=message.attempts, provider=way.name
    )
    settle(message, Answer(Outcome.NOT_TAKEN, error=error), at=at)


@transaction.atomic(durable=True)
def settle(message: Message, answer: Answer, *, at: datetime) -> None:
    """Write down the answer to the try just made, and what follows from it."""
    _note(message, answer, at=at)
    if answer.outcome != Outcome.TAKEN and answer.error:
        logger.warning("Message %s, try %s: %s", message.pk, message.attempts, answer.outcome)
    _apply(message, fate_after(answer, attempts=message.attempts, at=at), answer, at=at)


def _note(message: Message, answer: Answer, *, at: datetime) -> None:
    """One row for each try; the first word about it stands."""
    MessageAttempt.across_schools.bulk_create(
        [
            MessageAttempt(
                school_id=message.school_id,
                message=message,
                number=message.attempts,
                outcome=answer.outcome,
                error=answer.error[:500],
                happened_at=at,
            )
        ],
        ignore_conflicts=True,
    )


def _apply(message: Message, fate: Fate, answer: Answer, *, at: datetime) -> None:
    """Write the fate, unless somebody else knows better by now."""
    open_ = Message.across_schools.filter(pk=message.pk, wake_at__isnull=False)
    if fate.status not in LEFT:
        open_ = open_.filter(claimed_by=message.claimed_by)
    changes = {"status": fate.status, "wake_at": fate.wake_at, "last_error": answer.error[:500]}
    if fate.status in LEFT:
        changes |= {"sent_at": at, "provider_id": answer.provider_id or message.provider_id}
    elif not fate.in_doubt:
        changes["handed_over_at"] = None
    open_.update(**changes)


def _end(message: Message, status: MessageStatus, reason: str) -> None:
    Message.across_schools.filter(pk=message.pk, claimed_by=message.claimed_by).update(
        status=status, wake_at=None, last_error=reason[:500]
    )
