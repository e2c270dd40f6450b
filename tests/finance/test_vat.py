"""VAT of a period: sums that equal the invoices', outlays apart, files no spreadsheet runs."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from administration.enums import StudentChange
from administration.models import StudentEvent, User
from finance.enums import EntryKind
from finance.models import Invoice, LedgerEntry, VatCode
from finance.services import issue_credit_note, issue_invoice, open_books
from finance.services.billing import Charge
from finance.services.crediting import Part
from finance.vat_queries import vat_report
from finance.views.vat import Period, month_of, quarter_of
from tests.factories import NOON, StudentFactory
from tests.finance.factories import drive, kroner

DAY = dt.timedelta(days=1)
OUTLAY = "Outlay: money passed on, not the school’s turnover"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOON + dt.timedelta(hours=6), tick=False):
        yield


@pytest.fixture
def codes(cast):
    open_books(school=cast.school)
    return {code.code: code for code in VatCode.objects.all()}


def bill(cast, *things, at=NOON, text="Thing"):
    """An invoice of (minor, VAT code), each with a cause of its own."""
    charges = []
    for minor, code in things:
        student = StudentFactory(school=cast.school, department=cast.department)
        event = StudentEvent.objects.create(
            school=cast.school,
            student=student,
            change=StudentChange.REGISTERED,
            happened_at=at,
        )
        charges.append(Charge(EntryKind.SIGNUP_FEE, kroner(minor), text, code, student_event=event))
    return issue_invoice(student=cast.student, charges=charges, by=None, at=at)


def url(cast, route, **query):
    page = reverse(f"finance:{route}", args=[cast.school.slug])
    return page + "?" + "&".join(f"{name}={value}" for name, value in query.items())


def lines_of(answer):
    return answer.content.decode("utf-8-sig").splitlines()


def test_outlays_stand_apart_from_the_turnover(cast, codes):
    bill(cast, (1000_00, codes["DK25"]), (300_00, codes["EXEMPT"]), (1600_00, codes["OUTLAY"]))

    report = vat_report(cast.owner, NOON.date(), NOON.date())

    assert (report.net, report.vat, report.total) == (
        kroner(800_00 + 300_00),
        kroner(200_00),
        kroner(1300_00),
    )
    assert report.passed_on == kroner(1600_00)
    assert [(row.code, row.net.minor, row.vat.minor) for row in report.sold] == [
        ("DK25", 800_00, 200_00),
        ("EXEMPT", 300_00, 0),
    ]


def test_what_is_credited_counts_below_zero_on_its_own_day(cast, codes, signed_in):
    invoice = bill(cast, (1000_00, codes["DK25"]), (1600_00, codes["OUTLAY"]))
    line = invoice.lines.get(vat_code=codes["DK25"])
    issue_credit_note(
        invoice_id=invoice.pk,
        parts=[Part(line.pk, amount=kroner(250_00))],
        reason="Too much",
        by=cast.office,
        at=NOON + DAY,
        request_key=uuid.uuid4(),
    )
    tomorrow = NOON.date() + DAY

    day_after = vat_report(cast.owner, tomorrow, tomorrow)
    both = vat_report(cast.owner, NOON.date(), tomorrow)

    assert (day_after.net, day_after.vat, day_after.total) == (
        kroner(-200_00),
        kroner(-50_00),
        kroner(-250_00),
    )
    assert (both.total, both.passed_on) == (kroner(750_00), kroner(1600_00))
    page = signed_in(cast.owner).get(url(cast, "vat_lines", **MARCH))
    assert [one.total.minor for one in page.context["lines"]] == [1000_00, 1600_00, -250_00]


@pytest.mark.parametrize(("days", "counts"), ((-1, False), (0, True), (1, False)))
def test_both_days_of_the_period_count_and_no_other(cast, codes, days, counts):
    bill(cast, (100_00, codes["DK25"]), at=NOON + days * DAY)

    assert bool(vat_report(cast.owner, NOON.date(), NOON.date()).total) is counts


def test_a_day_is_a_day_of_the_school(cast, codes):
    """23.30 UTC on the last of February is the first of March in Copenhagen."""
    bill(cast, (100_00, codes["DK25"]), at=dt.datetime(2026, 2, 28, 23, 30, tzinfo=dt.UTC))
    march = dt.date(2026, 3, 1)

    assert vat_report(cast.owner, march, march).total == kroner(100_00)


def test_a_new_rate_is_a_row_of_its_own(cast, codes):
    bill(cast, (100_00, codes["DK25"]))
    VatCode.objects.filter(code="DK25").update(rate_basis_points=2000)
    codes["DK25"].refresh_from_db()
    bill(cast, (120_00, codes["DK25"]))

    report = vat_report(cast.owner, NOON.date(), NOON.date())

    assert [(row.rate_basis_points, row.vat.minor) for row in report.sold] == [
        (2500, 20_00),
        (2000, 20_00),
    ]


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(st.integers(1, 10**7), st.sampled_from(["DK25", "EXEMPT", "OUTLAY"])),
        min_size=1,
        max_size=4,
    )
)
def test_the_report_sums_to_the_invoices_whatever_was_billed(cast, codes, things):
    """Every example adds to the books of the ones before."""
    bill(cast, *((minor, codes[code]) for minor, code in things))

    report = vat_report(cast.owner, NOON.date(), NOON.date())

    sums = Invoice.objects.aggregate(total=Sum("total_minor"), vat=Sum("vat_minor"))
    assert (report.total + report.passed_on).minor == sums["total"]
    assert report.vat.minor == sums["vat"]
    assert report.net + report.vat == report.total
    assert all(row.vat.minor == 0 for row in report.outlays)
    assert LedgerEntry.objects.aggregate(total=Sum("amount_minor"))["total"] == sums["total"]


def test_the_page_leads_to_the_lines_behind_a_sum(cast, codes, signed_in):
    bill(cast, (1000_00, codes["DK25"]), (1600_00, codes["OUTLAY"]))
    client = signed_in(cast.owner)

    page = client.get(url(cast, "vat", **MARCH))
    (line,) = page.context["outlays"]
    behind = client.get(url(cast, "vat_lines") + line["query"][1:])

    assert [one.total for one in behind.context["lines"]] == [kroner(1600_00)]


def test_the_file_says_what_the_page_says(cast, codes, signed_in):
    bill(cast, (1000_50, codes["DK25"]), (1600_00, codes["OUTLAY"]))

    answer = signed_in(cast.owner).get(url(cast, "vat", **MARCH, csv=1))

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert lines_of(answer) == [
        'Code,Name,Treatment,"Rate, %",Lines,Net,VAT,Gross',
        "DK25,Danish VAT 25 %,With VAT,25,1,800.40,200.10,1000.50",
        f'OUTLAY,Udlæg,"{OUTLAY}",0,1,1600.00,0.00,1600.00',
    ]


def test_the_file_is_danish_for_who_reads_danish(cast, codes, signed_in):
    User.objects.filter(pk=cast.owner.user_id).update(language="da")
    bill(cast, (1000_50, codes["DK25"]))

    answer = signed_in(cast.owner).get(url(cast, "vat", **MARCH, csv=1))

    assert lines_of(answer)[1].endswith(";25;1;800,40;200,10;1000,50")


def test_the_file_of_lines_runs_no_formula(cast, codes, signed_in):
    bill(cast, (100_00, codes["DK25"]), text="=HYPERLINK(1)")

    answer = signed_in(cast.owner).get(url(cast, "vat_lines", **MARCH, csv=1))

    assert lines_of(answer)[1].split(",")[3] == "'=HYPERLINK(1)"


@pytest.mark.parametrize(
    ("day", "month", "quarter"),
    (
        (dt.date(2026, 2, 10), (dt.date(2026, 2, 1), dt.date(2026, 2, 28)), (1, 3, 31)),
        (dt.date(2028, 2, 29), (dt.date(2028, 2, 1), dt.date(2028, 2, 29)), (1, 3, 31)),
        (dt.date(2026, 12, 31), (dt.date(2026, 12, 1), dt.date(2026, 12, 31)), (10, 12, 31)),
    ),
)
def test_months_and_quarters_are_whole(day, month, quarter):
    first, last, day_of_last = quarter

    assert month_of(day) == Period(*month)
    assert quarter_of(day) == Period(
        dt.date(day.year, first, 1), dt.date(day.year, last, day_of_last)
    )


@pytest.mark.parametrize(
    "query", ({"from": "nonsense", "to": "2026-02-31"}, {"from": "2026-02-31"})
)
def test_an_address_that_makes_no_sense(cast, signed_in, query):
    assert signed_in(cast.owner).get(url(cast, "vat", **query)).status_code == 404


@pytest.mark.parametrize("route", ("vat", "vat_lines"))
def test_pages_take_the_same_queries_for_one_and_many(cast, codes, signed_in, route):
    client = signed_in(cast.owner)
    bill(cast, (100_00, codes["DK25"]))
    client.get(url(cast, route, **MARCH))

    def queries():
        with CaptureQueriesContext(connection) as caught:
            client.get(url(cast, route, **MARCH))
        return len(caught)

    one = queries()
    for _number in range(5):
        bill(cast, (100_00, codes["DK25"]), (50_00, codes["EXEMPT"]), (9_00, codes["OUTLAY"]))

    assert queries() == one


@pytest.mark.parametrize("route", ("vat", "vat_lines"))
def test_reports_are_the_owners_and_the_offices_where_the_school_says_so(cast, signed_in, route):
    def asked(who):
        return signed_in(who).get(url(cast, route)).status_code

    assert [asked(who) for who in (cast.owner, cast.office, cast.teacher.membership)] == [
        200,
        403,
        403,
    ]
    cast.school.office_sees_reports = True
    cast.school.save()
    assert asked(cast.office) == 200


def test_another_schools_invoices_are_in_nobodys_report_but_theirs(cast, other_school, signed_in):
    drive(cast)

    assert vat_report(cast.owner, dt.date(2026, 1, 1), dt.date(2026, 12, 31)).total
    elsewhere = signed_in(other_school.owner).get(url(other_school, "vat", **MARCH))
    assert not elsewhere.context["report"].total
