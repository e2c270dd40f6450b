"""The words of each message: right at the moment it leaves, in the reader's language."""

import datetime as dt
from email.utils import parseaddr

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from administration.enums import MembershipStatus, Role
from bookings.enums import BookingChange, BookingStatus, ParticipationStatus, Party
from bookings.models import (
    Participation,
    SickDay,
    SickDayLesson,
    WaitingListEntry,
    WaitingListOffer,
)
from finance.models import Invoice, Payment
from finance.services import open_books, remind, send_reminders
from learning.models import LessonRecord
from notifications.content import FACTS, NoLongerTrue, compose
from notifications.enums import Channel, Event
from notifications.policies import sms_parts
from tests.factories import NOW, BookingFactory, MembershipFactory, UserFactory
from tests.finance.factories import credit_all, drive, pay_by_hand
from tests.learning.factories import student_signs, taught_lesson
from tests.notifications.factories import MessageFactory
from tests.notifications.stories import lesson_context, transition_of

E, HOUR = Event, dt.timedelta(hours=1)
TEXTED = (
    E.BOOKING_CONFIRMED,
    E.BOOKING_MOVED,
    E.BOOKING_CANCELLED,
    E.BOOKING_DECLINED,
    E.SIGNATURE_REQUESTED,
)
LATER = {
    E.BOOKING_REQUESTED: (BookingStatus.PENDING, {"held_until": NOW + HOUR}),
    E.BOOKING_TO_ANSWER: (BookingStatus.PENDING, {"held_until": NOW + HOUR}),
    E.BOOKING_CANCELLED: (BookingStatus.CANCELLED, {}),
    E.BOOKING_DECLINED: (BookingStatus.CANCELLED, {}),
    E.BOOKING_EXPIRED: (BookingStatus.CANCELLED, {}),
}


def lesson(cast, event=E.BOOKING_CONFIRMED, **fields):
    status, more = LATER.get(event, (BookingStatus.CONFIRMED, {}))
    return BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.teacher,
        students=[cast.student],
        resources=[cast.vehicle],
        place="Nørrebrogade 1",
        **{"status": status, **more, **fields},
    )


def about_lesson(cast, event, *, booking=None, audience="student", **fields):
    booking = booking or lesson(cast, event)
    transition = transition_of(
        booking,
        change=BookingChange.MOVED if event == E.BOOKING_MOVED else BookingChange.STATUS,
        from_status=BookingStatus.CONFIRMED,
        from_period=booking.period,
        to_status=booking.status,
        requested_by=Party.SCHOOL,
    )
    context = lesson_context(transition, audience) | {"place": booking.participations.get().pk}
    return message(cast, event, context, **fields)


def message(cast, event, context, **fields):
    user = cast.student.membership.user
    values = {"recipient": user, "to_name": user.full_name, "address": user.email}
    return MessageFactory(school=cast.school, event=event, context=context, **values | fields)


def everything(cast) -> dict[str, dict[str, object]]:
    """For each event that is not about a lesson, a context that it can be told from."""
    open_books(school=cast.school)
    invited = MembershipFactory(
        school=cast.school, role=Role.OFFICE, status=MembershipStatus.INVITED, user=UserFactory()
    )
    invoice = drive(cast)
    pay_by_hand(cast, invoice.total_minor, invoice)
    note = credit_all(cast, drive(cast, hours=2))
    send_reminders(on=True, by=cast.owner, at=NOW)
    overdue = drive(cast, hours=4)
    reminded = remind(invoice_id=overdue.pk, at=overdue.created_at + dt.timedelta(days=20))
    taught_lesson(cast, sign=True, starts=timezone.now() - dt.timedelta(days=300))
    address = EmailAddress.objects.create(user=cast.student.membership.user, email="x@y.example")
    payer = {"audience": "student", "student": "Åse Lind"}
    return {
        E.WELCOME: {},
        E.KNOWN_ALREADY: {},
        E.INVITATION: {"membership": invited.pk, "inviter": "Owner"},
        E.SIGNATURE_REQUESTED: {"record": LessonRecord.objects.latest("pk").pk},
        E.INVOICE: {"invoice": invoice.pk, **payer},
        E.CREDIT_NOTE: {"credit_note": note.pk, **payer},
        E.RECEIPT: {"payment": Payment.objects.get().pk, **payer},
        E.REMINDER: {"follow_up": reminded.pk, **payer},
        E.PASSWORD_RESET: {},
        E.UNKNOWN_ACCOUNT: {},
        E.EMAIL_CONFIRMATION: {"email_address": address.pk},
        E.ACCOUNT_NOTICE: {"notice": "totp_activated", "ip": "192.0.2.1"},
        E.WAITING_OFFER: {"offer": offer(cast).pk},
        E.SEATS_GIVEN: {"places": seats(cast), **payer},
        E.SICK_DAY: {"sick_day": sick_day(cast).pk, "student_id": cast.student.pk, **payer},
    }


def offer(cast):
    """An open offer of a seat."""
    entry = WaitingListEntry.objects.create(
        school=cast.school,
        student=cast.student,
        lesson_type=cast.lesson_type,
        status="offered",
        created_at=NOW,
        created_by=cast.office.user,
    )
    return WaitingListOffer.objects.create(
        school=cast.school,
        entry=entry,
        booking=lesson(cast, starts=NOW + 400 * HOUR),
        is_seat=True,
        offered_at=NOW,
        expires_at=timezone.now() + HOUR,
    )


def seats(cast, count=2):
    """The student's places in lessons a week apart."""
    booked = [lesson(cast, starts=NOW + (600 + 168 * week) * HOUR) for week in range(count)]
    return [one.participations.get().pk for one in booked]


def sick_day(cast):
    """A teacher fell ill, and one lesson went to a colleague."""
    given = lesson(cast, starts=NOW + 500 * HOUR)
    ill = SickDay.objects.create(
        school=cast.school,
        teacher=cast.other_teacher,
        period=given.period,
        reported_at=NOW,
        reported_by=cast.office.user,
        undo_until=NOW,
    )
    SickDayLesson.objects.create(
        school=cast.school,
        sick_day=ill,
        booking=given,
        outcome="reassigned",
        transition=transition_of(given, to_teacher=given.teacher),
    )
    return ill


def test_every_event_has_facts():
    assert set(FACTS) == set(Event)


@pytest.mark.parametrize("language", ("en", "da"))
def test_every_event_has_a_subject_a_plain_twin_and_html_in_both_languages(cast, language):
    contexts = everything(cast)
    for event in Event:
        if event in contexts:
            written = message(cast, event, contexts[event], language=language)
        else:
            booking = lesson(cast, event, starts=NOW + event_hours(event))
            written = about_lesson(cast, event, booking=booking, language=language)
        parcel = compose(written)

        assert parcel.subject, event
        assert "\n" not in parcel.subject
        assert f'<html lang="{language}">' in parcel.html
        assert parcel.text.rstrip().endswith(cast.school.email), event
        assert "{" not in parcel.text
        assert "{{" not in parcel.html
        if language == "da":
            assert "Hi " not in parcel.text


def event_hours(event) -> dt.timedelta:
    """Lessons of one test must not overlap."""
    return dt.timedelta(hours=2 * list(Event).index(event) + 200)


@pytest.mark.parametrize("language", ("en", "da"))
@pytest.mark.parametrize("event", TEXTED)
def test_a_text_message_fits_into_one(cast, event, language):
    cast.school.name = "Nordlys Køreskole"
    cast.school.slug = "nordlys"
    cast.school.save()
    if event == E.SIGNATURE_REQUESTED:
        taught_lesson(cast, sign=True)
        written = message(cast, event, {"record": LessonRecord.objects.get().pk})
    else:
        written = about_lesson(cast, event)
    written.channel, written.language = Channel.SMS, language

    parcel = compose(written)

    assert parcel.text.startswith("Nordlys Køreskole: ")
    assert sms_parts(parcel.text) == 1
    assert parcel.html == ""
    assert parcel.attachments == ()


def test_a_lesson_is_told_in_the_readers_language_and_the_schools_zone(cast):
    danish = compose(about_lesson(cast, E.BOOKING_CONFIRMED, language="da"))

    assert danish.subject == "Din lektion er booket: tors. 5. mar. kl. 12.00"
    assert "Tid: 12.00–13.30" in danish.text
    assert "Bil: VW ID.3" in danish.text
    assert parseaddr(danish.reply_to)[1] == cast.school.email


@pytest.mark.parametrize("audience", ("student", "guardian"))
@pytest.mark.parametrize("event", (E.BOOKING_CONFIRMED, E.BOOKING_REQUESTED))
def test_who_shares_a_car_reads_their_own_minutes_and_price(cast, event, audience):
    booking = lesson(cast, event)
    booking.participations.update(planned_minutes=40, price_minor=244_00)
    told = about_lesson(cast, event, booking=booking, audience=audience, language="da")

    text = compose(told).text

    assert "Heraf dine: 40 minutter" in text
    assert "Pris: 244,00" in text


def test_a_lesson_of_ones_own_names_its_price_and_no_share(cast):
    text = compose(about_lesson(cast, E.BOOKING_CONFIRMED, language="da")).text

    assert "Heraf dine" not in text
    assert "Pris: 550,00" in text


def test_the_teacher_reads_no_price(cast):
    text = compose(about_lesson(cast, E.BOOKING_CONFIRMED, audience="teacher")).text
    assert "Price" not in text


def test_the_teacher_reads_who_comes(cast):
    written = about_lesson(cast, E.BOOKING_CONFIRMED, audience="teacher", to_name="Mette Holm")

    parcel = compose(written)

    assert parcel.subject == "New lesson: Åse Lind, Thu 5 Mar at 12:00"
    assert parcel.text.startswith("Hi Mette,")


def test_a_guardian_reads_the_childs_message_and_why_they_get_it(cast):
    parcel = compose(about_lesson(cast, E.BOOKING_CONFIRMED, audience="guardian", to_name="Mor"))

    assert parcel.text.startswith("You get this copy because you are a parent or guardian of Åse")
    assert "Hi Åse," in parcel.text


@pytest.mark.parametrize(
    ("language", "subject", "reason"),
    (
        ("en", "Your request for Thu 5 Mar at 12:00 was declined", "Reason: Weather: Ice"),
        ("da", "Din anmodning om tors. 5. mar. kl. 12.00 kunne ikke imødekommes", "Vejret: Ice"),
    ),
)
def test_a_declined_request_is_not_a_cancelled_lesson(cast, language, subject, reason):
    booking = lesson(cast, E.BOOKING_DECLINED)
    ended = transition_of(
        booking,
        change=BookingChange.STATUS,
        from_status=BookingStatus.PENDING,
        to_status=BookingStatus.CANCELLED,
        reason_category="weather",
        reason="Ice",
    )

    parcel = compose(message(cast, E.BOOKING_DECLINED, lesson_context(ended), language=language))

    assert parcel.subject == subject
    assert reason in parcel.text
    assert not {"cancelled", "aflyst"} & set(parcel.text.lower().replace(".", " ").split())


def test_a_name_cannot_become_markup(cast):
    user = cast.teacher.membership.user
    user.full_name = "<script>alert(1)</script>"
    user.save()

    parcel = compose(about_lesson(cast, E.BOOKING_CONFIRMED))

    assert "<script>" not in parcel.html
    assert "&lt;script&gt;" in parcel.html
    assert "Teacher: <script>" in parcel.text


@pytest.mark.parametrize(
    ("event", "status", "is_told"),
    (
        (E.BOOKING_REQUESTED, BookingStatus.PENDING, True),
        (E.BOOKING_REQUESTED, BookingStatus.CONFIRMED, False),
        (E.BOOKING_REQUESTED, BookingStatus.CANCELLED, False),
        (E.BOOKING_TO_ANSWER, BookingStatus.PENDING, True),
        (E.BOOKING_TO_ANSWER, BookingStatus.CONFIRMED, False),
        (E.BOOKING_CONFIRMED, BookingStatus.CONFIRMED, True),
        (E.BOOKING_CONFIRMED, BookingStatus.CANCELLED, False),
        (E.BOOKING_CONFIRMED, BookingStatus.COMPLETED, False),
        (E.BOOKING_MOVED, BookingStatus.CONFIRMED, True),
        (E.BOOKING_MOVED, BookingStatus.CANCELLED, False),
        (E.BOOKING_CHANGED, BookingStatus.CONFIRMED, True),
        (E.BOOKING_CHANGED, BookingStatus.CANCELLED, False),
        (E.BOOKING_CANCELLED, BookingStatus.CANCELLED, True),
        (E.BOOKING_DECLINED, BookingStatus.CANCELLED, True),
        (E.BOOKING_EXPIRED, BookingStatus.CANCELLED, True),
    ),
)
def test_a_message_leaves_only_while_it_is_true(cast, event, status, is_told):
    booking = lesson(cast, status=status, held_until=NOW)
    written = about_lesson(cast, event, booking=booking)

    if is_told:
        assert compose(written).subject
    else:
        with pytest.raises(NoLongerTrue):
            compose(written)


def test_a_move_that_was_moved_again_is_not_told(cast):
    booking = lesson(cast)
    written = about_lesson(cast, E.BOOKING_MOVED, booking=booking)
    booking.period = type(booking.period)(booking.starts_at + HOUR, booking.ends_at + HOUR)
    booking.save()

    with pytest.raises(NoLongerTrue):
        compose(written)


def test_a_confirmation_shows_the_lesson_as_it_is_by_now(cast):
    booking = lesson(cast)
    written = about_lesson(cast, E.BOOKING_CONFIRMED, booking=booking)
    booking.period = type(booking.period)(booking.starts_at + HOUR, booking.ends_at + HOUR)
    booking.save()

    assert "Time: 13:00–14:30" in compose(written).text


def test_a_place_that_was_given_up_is_not_confirmed(cast):
    booking = lesson(cast)
    written = about_lesson(cast, E.BOOKING_CONFIRMED, booking=booking)
    booking.participations.update(status=ParticipationStatus.CANCELLED)

    with pytest.raises(NoLongerTrue):
        compose(written)


def test_an_invoice_that_was_paid_meanwhile_asks_for_nothing(cast):
    open_books(school=cast.school)
    invoice = drive(cast)
    payer = {"invoice": invoice.pk, "audience": "student", "student": "Åse Lind"}
    asked = compose(message(cast, E.INVOICE, payer))
    pay_by_hand(cast, invoice.total_minor, invoice)
    told = compose(message(cast, E.INVOICE, payer))

    assert "See and pay:" in asked.text
    assert "See the invoice:" in told.text
    (file,) = asked.attachments
    assert (file.name, file.content[:5]) == (f"{Invoice.objects.get().number}.pdf", b"%PDF-")


def test_a_signed_lesson_is_not_asked_for(cast):
    taught_lesson(cast, sign=True)
    record = LessonRecord.objects.get()
    student_signs(record)

    with pytest.raises(NoLongerTrue):
        compose(message(cast, E.SIGNATURE_REQUESTED, {"record": record.pk}))


def test_an_invitation_that_was_accepted_is_not_sent(cast):
    member = MembershipFactory(school=cast.school, role=Role.OFFICE)

    with pytest.raises(NoLongerTrue):
        compose(message(cast, E.INVITATION, {"membership": member.pk, "inviter": ""}))


def test_a_new_person_is_led_to_a_password_and_one_with_a_password_to_the_page(cast):
    known = compose(message(cast, E.WELCOME, {}))
    newcomer = UserFactory(password="!")  # noqa: S106 -- Django's mark for: none
    new = compose(message(cast, E.WELCOME, {}, recipient=newcomer))

    assert "/accounts/password/reset/key/" not in known.text
    assert known.secrets == ()
    assert new.secrets[0] in new.text
    assert new.secrets[0] not in new.readable


def test_seats_in_a_series_are_told_with_every_date(cast):
    places = {"places": seats(cast), "student": "Åse Lind", "audience": "student"}
    parcel = compose(message(cast, E.SEATS_GIVEN, places, language="da"))

    assert parcel.subject == "Du har fået plads på 2 holdlektioner, den første fre. 27. mar."
    dates = [line for line in parcel.text.splitlines() if "Mette Holm" in line]
    assert dates == [
        "fre. 27. mar. 10.00–11.30: Driving lesson, Mette Holm, Nørrebrogade 1",
        "fre. 3. apr. 11.00–12.30: Driving lesson, Mette Holm, Nørrebrogade 1",
    ]


@pytest.mark.parametrize("language", ("en", "da"))
@pytest.mark.parametrize("count", (1, 2))
def test_a_text_about_a_series_fits_into_one(cast, language, count):
    places = {"places": seats(cast, count), "student": "Åse Lind", "audience": "student"}
    written = message(cast, E.SEATS_GIVEN, places, language=language, channel=Channel.SMS)

    assert sms_parts(compose(written).text) == 1


def test_seats_that_are_gone_are_told_no_more(cast):
    places = seats(cast)
    written = message(
        cast, E.SEATS_GIVEN, {"places": places, "student": "Åse Lind", "audience": "student"}
    )
    Participation.objects.filter(pk=places[0]).update(status=ParticipationStatus.CANCELLED)
    assert compose(written).subject.startswith("You have a seat: Driving lesson")

    Participation.objects.update(status=ParticipationStatus.CANCELLED)

    with pytest.raises(NoLongerTrue):
        compose(written)


@pytest.mark.parametrize("event", (E.BOOKING_CHANGED, E.BOOKING_MOVED))
def test_another_teacher_is_named_with_the_one_before(cast, event):
    booking = lesson(cast)
    change = BookingChange.MOVED if event == E.BOOKING_MOVED else BookingChange.CHANGED
    changed = transition_of(
        booking,
        change=change,
        from_status=BookingStatus.CONFIRMED,
        from_period=booking.period,
        from_teacher=cast.other_teacher,
        to_teacher=cast.teacher,
    )

    parcel = compose(message(cast, event, lesson_context(changed)))

    assert "Mette Holm gives the lesson instead of Søren Bæk." in parcel.text
