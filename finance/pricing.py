"""What lessons and cancellations cost: the answer to the pricing port of bookings."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from administration.models import Student
from bookings.enums import BookingStatus, Party
from bookings.models import (
    Booking,
    LessonType,
    Participation,
    ParticipationTransition,
)
from bookings.policies import CancellationPolicy, FeeStep
from bookings.ports import CancellationFee, PricePart, Quote
from bookings.queries.opening import business_days
from finance.discount_policies import discount_parts, discounts_for
from finance.models import Product
from finance.price_policies import Moment, for_minutes, price_parts
from finance.price_queries import PriceFacts, Sold, price_facts
from finance.price_words import price_in_words
from finance.queries import fees_standing
from justdriving.kernel.clock import IsBusinessDay
from justdriving.kernel.money import Money
from justdriving.kernel.policy import Refusal, Refused
from justdriving.templatetags.formats import clock, day


class CataloguePricing:
    """Prices from the price list, fees from the terms a booking was made under."""

    def quotes(
        self,
        lesson_types: Sequence[LessonType],
        *,
        students: Sequence[Student],
        lower: datetime,
        upper: datetime,
        at: datetime,
    ) -> "PriceBook":
        """The price lists and discounts that hold between two instants (UTC). One query."""
        facts = price_facts(
            lesson_types=[one.pk for one in lesson_types],
            students=[one.pk for one in students],
            lower=lower,
            upper=upper,
        )
        return PriceBook(facts, at)

    def in_words(self, parts: Sequence[PricePart], currency: str) -> Sequence[tuple[str, Money]]:
        return price_in_words(parts, currency)

    def cancellation_fee(
        self, participation: Participation, *, by: Party, at: datetime
    ) -> CancellationFee:
        """What cancelling this place at ``at`` costs, exactly as it will be billed.

        Free for a request that is not confirmed, and whenever the school's side cancels.
        """
        pending = participation.booking.status in {BookingStatus.DRAFT, BookingStatus.PENDING}
        return _cancellation(participation, by=by, at=at, was_pending=pending)

    def no_show_fee(self, participation: Participation) -> CancellationFee:
        return no_show_charge(participation)

    def fees_standing(self, booking_id: int) -> Mapping[int, Money]:
        """By participation, what missing or cancelling was charged and nobody has waived."""
        return {place: fee.amount for place, fee in fees_standing(booking_id).items()}


class PriceBook:
    """Prices from facts that are loaded: asking reads nothing."""

    def __init__(self, facts: PriceFacts, at: datetime) -> None:
        self.facts = facts
        self.agreed_on = at.astimezone(facts.zone).date()
        self.lessons = {one.lesson_type_id: one for one in facts.products}

    def has(self, lesson_type: LessonType) -> bool:
        return lesson_type.pk in self.lessons

    def quote(  # noqa: PLR0913 -- part of the port
        self,
        lesson_type: LessonType,
        *,
        student_id: int | None,
        teacher_id: int | None,
        department_id: int,
        starts_at: datetime,
        minutes: int | None = None,
        at_any_hour: bool = False,
    ) -> Quote:
        """The price including VAT; Refused with ``no-price`` while the price list lacks it.

        The price list says what the type's own length costs; ``minutes`` cost their share of it.
        """
        sold = self.lessons.get(lesson_type.pk)
        if sold is None:
            raise Refused(no_price(lesson_type))
        facts = self.facts
        moment = Moment.of(
            starts_at,
            facts.zone,
            department_id=department_id,
            level_id=facts.levels.get(teacher_id) if teacher_id else None,
        )
        rates = [one for one in facts.rates if not (at_any_hour and one.names_a_time)]
        whole = lesson_type.duration_minutes
        share = (minutes or whole, whole)
        parts = for_minutes(price_parts(sold.pk, sold.price_minor, rates, moment), *share)
        off = self._off(sold, student_id, moment.on, parts, share)
        return quote_of([*parts, *off], facts.currency)

    def product(self, product_id: int, *, student_id: int, at: datetime) -> Quote:
        """What a product other than a lesson costs this student at ``at`` (UTC)."""
        facts = self.facts
        sold = next(one for one in facts.products if one.pk == product_id)
        moment = Moment.of(at, facts.zone)
        own = [rate for rate in facts.rates if rate.product_id == product_id]
        parts = price_parts(sold.pk, sold.price_minor, own, moment)
        off = self._off(sold, student_id, moment.on, parts, (1, 1))
        return quote_of([*parts, *off], facts.currency)

    def _off(
        self,
        sold: Sold,
        student_id: int | None,
        on: date,
        parts: Sequence[PricePart],
        share: tuple[int, int],
    ) -> list[PricePart]:
        """The discounts of this student; money that is only passed on has none."""
        facts = self.facts
        person = facts.people.get(student_id) if student_id else None
        if person is None or sold.is_outlay:
            return []
        given = discounts_for(facts.discounts, person, sold.pk, agreed_on=self.agreed_on, on=on)
        price = sum(part.minor for part in parts)
        return discount_parts(price, given, facts.stacking, facts.cap_percent, share)


def product_quote(product: Product, student: Student, *, at: datetime) -> Quote:
    """What a product that is no lesson costs this student at ``at`` (UTC), step by step."""
    facts = price_facts(product=product.pk, students=[student.pk], lower=at, upper=at)
    return PriceBook(facts, at).product(product.pk, student_id=student.pk, at=at)


def quote_of(parts: Sequence[PricePart], currency: str) -> Quote:
    return Quote(Money(sum(part.minor for part in parts), currency), tuple(parts))


def no_price(lesson_type: LessonType) -> Refusal:
    text = _("“%(lesson)s” has no price yet. The owner adds it under Invoices, Price list.")
    return Refusal("no-price", text % {"lesson": lesson_type.name}, {"lesson_type": lesson_type.pk})


def no_show_charge(participation: Participation) -> CancellationFee:
    """What an absent student owes under the terms the lesson was booked with."""
    policy = CancellationPolicy.of(participation.booking.cancellation_terms)
    fee = policy.no_show_fee(participation.price)
    text = _("No-show: %(percent)s %% = %(amount)s.") % {
        "percent": policy.no_show_percent,
        "amount": fee,
    }
    return CancellationFee(fee, text, None)


def cancellation_charge(transition: ParticipationTransition) -> CancellationFee:
    """What a cancellation that happened costs: the number that was shown before the click."""
    change = transition.booking_transition
    if change.to_status in {BookingStatus.NO_SHOW, BookingStatus.COMPLETED}:
        nothing = Money(0, transition.participation.currency)
        return CancellationFee(nothing, _("Free: the school cancels."), None)
    pending = change.from_status in {BookingStatus.DRAFT, BookingStatus.PENDING}
    return _cancellation(
        transition.participation,
        by=Party(change.requested_by),
        at=transition.happened_at,
        was_pending=pending,
    )


def _cancellation(
    participation: Participation, *, by: Party, at: datetime, was_pending: bool
) -> CancellationFee:
    nothing = Money(0, participation.currency)
    if was_pending:
        return CancellationFee(nothing, _("Free: the lesson is not confirmed yet."), None)
    booking = participation.booking
    policy = CancellationPolicy.of(booking.cancellation_terms, party=by)
    if by != Party.STUDENT and not policy.steps:
        return CancellationFee(nothing, _("Free: the school cancels."), None)
    zone, is_open = booking.timezone, _business_days(booking)
    step = policy.step_at(booking.starts_at, at, zone, is_open)
    fee = step.fee(participation.price) if step else nothing
    free_until = policy.free_until(booking.starts_at, zone, is_open)
    with timezone.override(zone):
        text = _explain(fee, free_until, step)
    return CancellationFee(fee, text, free_until)


def _business_days(booking: Booking) -> IsBusinessDay:
    until = timezone.localdate(booking.starts_at, booking.timezone)
    return business_days(department_id=booking.department_id, until=until)


def _explain(fee: Money, free_until: datetime | None, step: FeeStep | None) -> str:
    """The sentence shown before the click: deadline, share and amount."""
    if free_until is None:
        return _("Cancelling is free.")
    percent = step.percent if step else None
    facts = {"when": f"{day(free_until)} {clock(free_until)}", "amount": fee, "percent": percent}
    if step is None or not fee:
        return _("Free until %(when)s.") % facts
    if step.consumes:
        return _("Free until %(when)s. Now the lesson is used up: %(amount)s.") % facts
    if percent is None:
        return _("Free until %(when)s. Now: %(amount)s.") % facts
    return _("Free until %(when)s. Now: %(percent)s %% = %(amount)s.") % facts
