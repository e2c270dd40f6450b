"""The pages of other people's venues: whose they are, what they confirmed, what is still open."""

import datetime as dt
from types import SimpleNamespace

import pytest
import time_machine
from django.contrib.admin import site
from django.urls import reverse

from bookings import services
from bookings.admin import ResourceAdmin
from bookings.enums import ResourceKind
from bookings.models import BookingResource, Resource, VenueConfirmation
from tests.bookings.venues import confirm, make_venue, said, there, venue
from tests.factories import NOON, NOW, BookingFactory, DepartmentFactory

__all__ = ["confirm", "make_venue", "there", "venue"]

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def on_monday_at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def address(cast):
    return lambda name, *args: reverse(f"bookings:{name}", args=[cast.school.slug, *args])


@pytest.fixture
def write(signed_in, address):
    """A function: post a number for a booking's venue."""

    def post(person, booking, venue, number="4711", **more):
        data = {"number": number, "starts_at": booking.starts_at.isoformat()}
        to = address("venue_number", booking.pk, venue.pk)
        return signed_in(person).post(to, data | more)

    return post


@pytest.fixture
def read(signed_in, address):
    """A function: the words of a page, for somebody."""
    return lambda person, name, *args, **asked: words(
        signed_in(person).get(address(name, *args), asked)
    )


def words(response) -> str:
    return " ".join(response.content.decode().split())


def listed(response) -> list[int]:
    return [used.booking_id for used, _form in response.context["lines"]]


@pytest.fixture
def visits(cast, venue):
    """A function: so many lessons at the venue, a day apart from Thursday on, without the rules."""

    def make(many, **values):
        common = {
            "school": cast.school,
            "department": cast.department,
            "lesson_type": cast.lesson_type,
            "teacher": cast.teacher,
            "students": [cast.student],
            "resources": [venue],
        }
        return [
            BookingFactory(starts=NOON + number * DAY, **common | values) for number in range(many)
        ]

    return make


# Whose it is


@pytest.fixture
def owned():
    return {
        "owner": "FDM Sjællandsringen",
        "contact_name": "Jens Toft",
        "contact_email": "jens@fdm.example",
        "contact_phone": "44 11 22 33",
        "directions": "Gate 3",
        "max_bookings_per_day": 2,
        "max_bookings_per_week": 5,
    }


def test_the_office_says_whose_a_resource_is(cast, signed_in, address, owned):
    client = signed_in(cast.office)
    answer = client.post(address("resource_venue", cast.vehicle.pk), owned)
    assert answer.url == address("resource_edit", cast.vehicle.pk)

    cast.vehicle.refresh_from_db()
    assert (cast.vehicle.owner, cast.vehicle.max_bookings_per_week) == (owned["owner"], 5)
    page = words(client.get(address("resource_edit", cast.vehicle.pk)))
    assert "FDM Sjællandsringen" in page
    assert "belongs to FDM Sjællandsringen" in words(client.get(address("resources")))


@pytest.mark.parametrize(
    ("typed", "complaint"),
    (
        ({"owner": ""}, "Say whose it is, or leave the rest empty, too."),
        ({"contact_email": "jens"}, "Enter a valid email address."),
        ({"contact_phone": "12"}, "Enter a valid phone number"),
        ({"max_bookings_per_day": 0}, "Ensure this value is greater than or equal to 1."),
        ({"max_bookings_per_day": 6}, "That is less than on one day."),
    ),
)
def test_what_makes_no_sense_is_not_saved(cast, signed_in, address, owned, typed, complaint):
    to = address("resource_venue", cast.vehicle.pk)
    answer = signed_in(cast.office).post(to, owned | typed)

    assert answer.status_code == 422
    assert complaint in words(answer)
    cast.vehicle.refresh_from_db()
    assert not cast.vehicle.is_external


def test_a_venue_becomes_the_schools_own_again(cast, venue, signed_in, address, owned):
    nothing = dict.fromkeys(owned, "")
    signed_in(cast.office).post(address("resource_venue", venue.pk), nothing)

    venue.refresh_from_db()
    assert (venue.is_external, venue.has_quota) == (False, False)


def test_who_does_not_manage_resources_changes_no_venue(
    cast, other_school, venue, signed_in, address, owned
):
    for person in (cast.teacher, cast.student):
        answer = signed_in(person).post(address("resource_venue", venue.pk), owned)
        assert answer.status_code == 403
    client = signed_in(cast.office)
    theirs = address("resource_venue", other_school.vehicle.pk)
    assert client.post(theirs, owned).status_code == 404


# The number on the page of a lesson


@pytest.mark.parametrize("who", ("owner", "office", "teacher"))
def test_staff_write_the_number_down_and_it_is_shown_everywhere(
    cast, venue, there, write, read, who
):
    booking, person = there(venue), getattr(cast, who)
    assert "Not yet confirmed by the venue" in read(person, "detail", booking.pk)
    assert "not yet confirmed" in read(person, "panel", booking.pk)

    assert write(person, booking, venue).status_code == 302

    page = read(person, "detail", booking.pk)
    assert "Closed track · FDM Sjællandsringen, <span" in page
    assert "no. 4711" in page
    assert "Closed track confirmed with no. 4711" in page
    assert "Not yet confirmed by the venue" not in page
    assert "no. 4711" in read(person, "panel", booking.pk)
    assert "(no. 4711)" in read(person, "sheet", date="2026-03-05", view="day")


def test_the_printed_day_says_what_is_not_confirmed(cast, venue, there, signed_in, address):
    there(venue)
    page = words(signed_in(cast.office).get(address("sheet"), {"date": "2026-03-05"}))
    assert "Not yet confirmed by the venue" in page


def test_a_student_reads_the_number_but_no_more(cast, venue, there, confirm, signed_in, address):
    venue.directions, venue.contact_name = "Gate 3", "Jens Toft"
    venue.save()
    booking = there(venue)
    client = signed_in(cast.student)
    before = words(client.get(address("detail", booking.pk)))
    assert "Closed track · FDM Sjællandsringen" in before
    assert "Gate 3" in before
    assert "confirmed by the venue" not in before

    confirm(booking, venue)

    page = words(client.get(address("detail", booking.pk)))
    assert "no. 4711" in page
    assert "Jens Toft" not in page
    assert "confirmed with" not in page
    assert "Confirmation number" not in page


def test_a_moved_lesson_says_that_its_number_no_longer_holds(
    cast, venue, there, confirm, signed_in, address
):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(
        booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR, muted=True
    )

    page = words(signed_in(cast.office).get(address("detail", booking.pk)))
    assert "Needs a new confirmation" in page
    assert "No. 4711 was for another time or another venue." in page
    assert "Closed track: no. 4711 no longer holds" in page
    student = words(signed_in(cast.student).get(address("detail", booking.pk)))
    assert "4711" not in student


def test_an_undo_in_the_calendar_brings_the_number_back(
    cast, venue, there, confirm, signed_in, address
):
    booking = there(venue)
    confirm(booking, venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)
    asked = (
        f"?start=2026-03-05T11:00:00%2B00:00&teacher={cast.teacher.pk}&version=2"
        f"&thing={cast.vehicle.pk}&thing={venue.pk}"
    )
    signed_in(cast.office).post(address("move_undo", booking.pk) + asked)

    assert BookingResource.objects.get(booking=booking, resource=venue).standing_number == "4711"


def test_a_number_for_the_time_before_a_move_is_answered_with_the_new_one(
    cast, venue, there, write
):
    booking = there(venue)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)
    answer = write(cast.office, booking, venue)

    assert answer.status_code == 422
    assert "The lesson was moved to Thu 5 Mar 13:00–14:30. Ask the venue again." in words(answer)
    assert (NOON + HOUR).isoformat() in words(answer)
    assert said(booking) == []


@pytest.mark.parametrize(
    ("typed", "complaint"),
    (
        ({"number": ""}, "This field is required."),
        ({"number": "4" * 41}, "at most 40 characters"),
        ({"starts_at": "noon"}, "Load the page again."),
        ({"starts_at": "2026-13-40T11:00:00"}, "Load the page again."),
        ({"starts_at": "2026-03-05T11:00:00"}, "Load the page again."),
    ),
)
def test_what_is_no_number_is_refused(cast, venue, there, write, typed, complaint):
    answer = write(cast.office, there(venue), venue, **typed)

    assert answer.status_code == 422
    assert complaint in words(answer)
    assert not VenueConfirmation.objects.exists()


def test_an_empty_number_takes_the_standing_one_back(cast, venue, there, confirm, write):
    booking = there(venue)
    confirm(booking, venue)
    write(cast.office, booking, venue, "")

    assert said(booking) == [("confirmed", "4711"), ("withdrawn", "4711")]


def test_who_may_not_change_the_lesson_writes_no_number(
    cast, other_school, venue, make_venue, there, write
):
    booking = there(venue)
    assert write(cast.student, booking, venue).status_code == 403
    assert write(cast.other_teacher, booking, venue).status_code == 404
    assert write(cast.office, booking, cast.vehicle).status_code == 404
    assert write(cast.office, booking, make_venue(name="Elsewhere")).status_code == 404
    assert write(other_school.office, booking, venue).status_code == 404
    theirs = BookingFactory(school=other_school.school)
    assert write(cast.office, theirs, venue).status_code == 404
    assert said(booking) == []


def test_the_office_of_one_department_leaves_the_other_alone(cast, venue, there, write):
    booking = there(venue)
    cast.office.department = DepartmentFactory(school=cast.school)
    cast.office.save()
    assert write(cast.office, booking, venue).status_code == 404


# What a venue is to be told


@pytest.fixture
def expected(venue, there, confirm):
    """A lesson that the venue has confirmed."""
    booking = there(venue)
    confirm(booking, venue)
    return booking


@pytest.fixture
def tell(signed_in, address):
    """A function: tick that a venue was told of a lesson's old time."""

    def post(person, booking, venue, starts_at=NOON, number="4711"):
        said_of = {"number": number, "starts_at": starts_at.isoformat()}
        return signed_in(person).post(address("venue_told", booking.pk, venue.pk), said_of)

    return post


def cancel(cast, booking):
    return services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW, muted=True)


def shift(cast, booking):
    return services.move_booking(
        booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR, muted=True
    )


@pytest.mark.parametrize(
    "change", ((cancel, "cancelled"), (shift, "moved to Thu 5 Mar 13:00–14:30"))
)
def test_a_time_that_nobody_uses_waits_until_the_venue_is_told(
    cast, venue, expected, read, tell, change
):
    booking = expected
    assert "Tell the venue</h2>" not in read(cast.office, "venues")
    act, said_so = change
    act(cast, booking)

    page = read(cast.office, "venues")
    assert "Tell the venue</h2>" in page
    assert f"Thu 5 Mar 12:00–13:30 · {said_so} ·" in page
    assert "Tell the venue</h2>" not in read(cast.office, "venues", show="confirmed")
    for _again in range(2):
        assert tell(cast.office, booking, venue).status_code == 302

    page = read(cast.office, "venues", show="tell")
    assert f"Told by {cast.office.user}, Mon 2 Mar 10:00" in page
    assert said(booking).count(("told", "4711")) == 1
    assert "was told that no. 4711 is not needed" in read(cast.office, "detail", booking.pk)


def test_a_move_taken_back_leaves_nothing_to_tell(cast, venue, expected, read, tell, confirm):
    booking = expected
    shift(cast, booking)
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON)
    confirm(booking, venue)

    assert "Tell the venue</h2>" not in read(cast.office, "venues")
    tell(cast.office, booking, venue)
    assert ("told", "4711") not in said(booking)


@pytest.mark.parametrize("wrong", ({"number": "1"}, {"starts_at": NOON + HOUR}, {"number": ""}))
def test_only_what_was_confirmed_is_ticked(cast, venue, expected, tell, wrong):
    booking = expected
    cancel(cast, booking)

    assert tell(cast.office, booking, venue, **wrong).status_code == 302
    assert ("told", "4711") not in said(booking)


def test_what_is_over_is_told_to_nobody(cast, expected, read):
    booking = expected
    cancel(cast, booking)
    with time_machine.travel(NOON + 3 * HOUR, tick=False):
        assert "Tell the venue</h2>" not in read(cast.office, "venues")


def test_who_may_not_change_the_lesson_ticks_nothing(cast, other_school, venue, expected, tell):
    booking = expected
    cancel(cast, booking)

    assert tell(cast.student, booking, venue).status_code == 403
    assert tell(cast.other_teacher, booking, venue).status_code == 404
    assert tell(other_school.office, booking, venue).status_code == 404
    assert tell(cast.office, booking, cast.vehicle).status_code == 404
    assert ("told", "4711") not in said(booking)


@pytest.mark.parametrize("name", ("cancel", "move", "move_check"))
def test_who_changes_the_lesson_reads_that_the_venue_expects_it(
    cast, venue, there, confirm, read, name
):
    booking = there(venue)
    assert "expects this lesson" not in read(cast.office, name, booking.pk)
    confirm(booking, venue)
    assert "Closed track expects this lesson under no. 4711." in read(cast.office, name, booking.pk)
    if name != "move_check":
        assert "expects this lesson" not in read(cast.student, name, booking.pk)


def test_what_is_to_be_told_takes_the_same_queries_for_any_number(
    cast, venue, visits, confirm, read, count_queries
):
    def cancelled(booking):
        confirm(booking, venue)
        type(booking).objects.filter(pk=booking.pk).update(status="cancelled")

    first, *others = visits(4)
    cancelled(first)
    read(cast.office, "venues")
    one = count_queries(lambda: read(cast.office, "venues", show="tell"))
    for booking in others:
        cancelled(booking)

    assert count_queries(lambda: read(cast.office, "venues", show="tell")) == one


# The list


def test_the_list_shows_what_is_coming_and_has_no_number(
    cast, venue, visits, confirm, signed_in, address
):
    first, second, third = visits(3)
    confirm(second, venue)
    client = signed_in(cast.office)

    assert listed(client.get(address("venues"))) == [first.pk, third.pk]
    assert listed(client.get(address("venues"), {"show": "confirmed"})) == [second.pk]
    assert listed(client.get(address("venues"), {"show": "all"})) == [
        first.pk,
        second.pk,
        third.pk,
    ]


def test_it_leaves_out_what_is_over_cancelled_drafted_or_the_schools_own(
    cast, venue, visits, signed_in, address
):
    coming, cancelled, draft = visits(3)
    for booking, status in ((cancelled, "cancelled"), (draft, "draft")):
        type(booking).objects.filter(pk=booking.pk).update(status=status)
    BookingFactory(
        school=cast.school, teacher=cast.other_teacher, starts=NOW - DAY, resources=[venue]
    )
    BookingFactory(school=cast.school, teacher=cast.other_teacher, resources=[cast.vehicle])

    assert listed(signed_in(cast.office).get(address("venues"))) == [coming.pk]


def test_it_is_narrowed_by_venue_student_and_time(
    cast, make_venue, venue, visits, signed_in, address
):
    (near,) = visits(1)
    other = make_venue(name="Other track", kind=ResourceKind.SKID_PAD)
    far = BookingFactory(
        school=cast.school,
        department=cast.department,
        lesson_type=cast.lesson_type,
        teacher=cast.other_teacher,
        students=[cast.other_student],
        resources=[other],
        starts=NOON + 20 * DAY,
    )
    client = signed_in(cast.office)

    def shown(**asked):
        return listed(client.get(address("venues"), asked))

    assert shown() == [near.pk, far.pk]
    assert shown(venue=other.pk) == [far.pk]
    assert shown(q="åse") == [near.pk]
    assert shown(days=7) == [near.pk]
    assert shown(venue="x", days="y") == [near.pk, far.pk]
    assert "No lesson matches" in words(client.get(address("venues"), {"q": "Nobody"}))


def test_a_moved_lesson_comes_back_to_the_list(cast, venue, there, confirm, signed_in, address):
    booking = there(venue)
    confirm(booking, venue)
    client = signed_in(cast.office)
    assert "Every venue has confirmed" in words(client.get(address("venues")))
    services.move_booking(booking_id=booking.pk, by=cast.office, at=NOW, starts_at=NOON + HOUR)

    for asked in ({}, {"show": "lapsed"}):
        page = client.get(address("venues"), asked)
        assert listed(page) == [booking.pk]
        assert "no. 4711 no longer holds" in words(page)


def test_a_teacher_sees_their_own_and_a_student_nothing(cast, venue, visits, signed_in, address):
    (mine,) = visits(1)
    assert listed(signed_in(cast.teacher).get(address("venues"))) == [mine.pk]
    assert listed(signed_in(cast.other_teacher).get(address("venues"))) == []
    assert signed_in(cast.student).get(address("venues")).status_code == 403


def test_another_school_sees_nothing_of_it(other_school, venue, visits, signed_in):
    visits(1)
    client = signed_in(other_school.office)
    page = client.get(reverse("bookings:venues", args=[other_school.school.slug]))
    assert listed(page) == []
    assert "FDM" not in words(page)


def test_a_number_written_on_the_list_leads_back_to_the_list_as_it_was(
    cast, venue, visits, write, address
):
    (booking,) = visits(1)
    answer = write(cast.office, booking, venue, back="show=all&venue=&next=//elsewhere&page=2")

    assert answer.url == address("venues") + "?show=all&page=2"
    assert said(booking) == [("confirmed", "4711")]


def test_a_mistake_on_the_list_is_said_in_its_row(cast, venue, visits, write):
    first, second = visits(2)
    answer = write(cast.office, second, venue, "4" * 41, back="")

    assert answer.status_code == 422
    assert listed(answer) == [first.pk, second.pk]
    errors = [bool(form.errors) for _used, form in answer.context["lines"]]
    assert errors == [False, True]


def test_a_lesson_cancelled_meanwhile_is_said_above_the_list(cast, venue, there, write):
    booking = there(venue)
    services.cancel_booking(booking_id=booking.pk, by=cast.office, at=NOW)
    answer = write(cast.office, booking, venue, back="")

    assert (answer.status_code, listed(answer)) == (422, [])
    said_above = f"{booking.number}: The lesson is not booked: no venue can confirm it."
    assert said_above in words(answer)


def test_the_list_comes_in_pages(cast, venue, visits, signed_in, address):
    visits(26)
    client = signed_in(cast.office)
    assert len(listed(client.get(address("venues")))) == 25
    assert len(listed(client.get(address("venues"), {"page": 2}))) == 1


def test_the_list_asks_the_same_number_of_questions(
    cast, venue, visits, signed_in, address, count_queries
):
    visits(1)
    client = signed_in(cast.office)
    client.get(address("venues"))
    for_one = count_queries(lambda: client.get(address("venues")))
    common = {"school": cast.school, "department": cast.department, "resources": [venue]}
    for number in range(4):
        BookingFactory(starts=NOON + (5 + number) * DAY, **common)

    assert count_queries(lambda: client.get(address("venues"))) == for_one
    assert len(listed(client.get(address("venues")))) == 5


def test_a_day_of_the_calendar_asks_no_more_for_its_venues(
    cast, venue, visits, signed_in, address, count_queries
):
    client = signed_in(cast.office)
    day = {"date": "2026-03-05", "view": "day"}
    (one,) = visits(1, resources=[cast.vehicle])
    client.get(address("sheet"), day)
    without = count_queries(lambda: client.get(address("sheet"), day))
    BookingResource.objects.filter(booking=one).update(resource=venue)

    assert count_queries(lambda: client.get(address("sheet"), day)) == without


def test_the_offices_day_says_how_many_venues_have_to_confirm(
    cast, venue, visits, confirm, signed_in
):
    home = reverse("home:home", args=[cast.school.slug])
    client = signed_in(cast.office)
    (booking,) = visits(1)

    def tiles():
        return {tile.label: tile.value for tile in client.get(home).context["tiles"]}

    assert tiles()["Venues to confirm"] == "1"
    confirm(booking, venue)
    assert "Venues to confirm" not in tiles()


def test_another_car_does_not_cost_the_lesson_its_venue(cast, venue, there, signed_in, address):
    booking = there(venue)
    data = {"day": "2026-03-06", "time": "12:00", "teacher": cast.teacher.pk, "reason": ""}
    to = address("move", booking.pk)
    signed_in(cast.office).post(to, data | {"resource": cast.other_vehicle.pk})

    used = set(booking.booking_resources.values_list("resource", flat=True))
    assert used == {cast.other_vehicle.pk, venue.pk}


@pytest.mark.parametrize(
    ("changed", "since"), ((["max_bookings_per_day"], NOW), (["contact_name"], NOW - DAY))
)
def test_a_quota_that_the_platform_corrects_holds_from_then_on(venue, rf, changed, since):
    venue.quota_since = NOW - DAY
    form = SimpleNamespace(changed_data=changed)
    ResourceAdmin(Resource, site).save_model(rf.post("/"), venue, form, change=True)

    venue.refresh_from_db()
    assert venue.quota_since == since
