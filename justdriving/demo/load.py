"""Put the demonstration together."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from django.db import connection

from administration.enums import Role
from administration.models import Department, School, Student, User
from justdriving.demo import PASSWORD
from justdriving.demo.lessons import Diary
from justdriving.demo.messages import settle_old_messages
from justdriving.demo.money import pay_invoices, remind_of_some
from justdriving.demo.people import enrol_everyone
from justdriving.demo.prices import join_siblings
from justdriving.demo.rules import hand_in_papers
from justdriving.demo.sessions import plan_sessions
from justdriving.demo.structure import Structure, build, find, member
from justdriving.demo.today import fill_today
from justdriving.demo.venues import ask_venues
from justdriving.kernel.tenancy import school_scope
from justdriving.kernel.transactions import use_case

SLUG = "nordlys"
ABOUT = (
    "Vi har undervist på Nørrebro og Frederiksberg siden 1987. Rolige lærere, nye biler og "
    "et forløb, du selv kan følge på telefonen."
)
TERMS = (
    "Køretimer aflyses gratis indtil kl. 12.00 hverdagen før. Derefter betales 50 %, og fra kl. "
    "7.00 samme dag samt ved udeblivelse 100 %. Manøvrebane aflyses senest 7 hverdage før."
)


def load(*, now: dt.datetime) -> bool:
    """Make both schools, everyone in them, and what is going on around today.

    False when they are there already; then only a new day gets its lessons. What a load that was
    stopped left undone is done now; two loads at once wait for each other.
    """
    with alone():
        made = not School.objects.filter(slug=SLUG).exists()
        if made:
            make_schools(now=now)
        with demo_school() as structure:
            diary = Diary(structure, now)
            diary.teach_aase()
            plan_sessions(diary)
            fill_today(diary)
            for day in diary.empty(diary.future()[:7]):
                diary.fill_day(day)
            if made:
                ask_venues(structure, now=now)
                settle(structure, now=now)
    return made


def load_history(*, now: dt.datetime) -> None:
    """Fill the weeks behind and ahead that are still empty."""
    with demo_school() as structure:
        diary = Diary(structure, now)
        for day in diary.empty(diary.past() + diary.future()):
            diary.fill_day(day)
        ask_venues(structure, now=now)
        settle(structure, now=now)


@contextmanager
def alone() -> Iterator[None]:
    """Wait until no other load of the demonstration runs in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout TO 0; SET statement_timeout TO 0")  # a load takes a while
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('demo', 0))")
        cursor.execute("RESET lock_timeout; RESET statement_timeout")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended('demo', 0))")


def settle(structure: Structure, *, now: dt.datetime) -> None:
    pay_invoices(structure, now=now)
    remind_of_some(structure, now=now)
    settle_old_messages(before=now - dt.timedelta(days=1))


@contextmanager
def demo_school() -> Iterator[Structure]:
    """Nordlys, in its scope; commits need not reach the disk, for all this can be made again."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")
    with school_scope(School.objects.get(slug=SLUG).pk):
        yield find()


@use_case
def make_schools(*, now: dt.datetime) -> None:
    random = Random(1987)  # noqa: S311 -- the same demonstration every time
    User.objects.create_superuser(
        "admin@justdriving.example", PASSWORD, full_name="Platform Administrator"
    )
    make_other_school()
    school = School.objects.create(
        name="Nordlys Køreskole",
        slug=SLUG,
        email="hej@nordlys.example",
        phone="+4533445566",
        address="Nørrebrogade 52, 2200 København N",
        registration_number="DK 12345678",
        about=ABOUT,
        terms=TERMS,
    )
    with school_scope(school.pk):
        today = now.astimezone(school.zone).date()
        build(school, today=today, at=now - dt.timedelta(days=400))
        enrol_everyone(find(), random, now=now)
        join_siblings(find(), at=now)
        hand_in_papers(list(Student.objects.order_by("pk")), today)
        settle_old_messages(before=now - dt.timedelta(days=1))


def make_other_school() -> None:
    """A second school: nothing of it may ever show in the first, nor the other way round."""
    school = School.objects.create(
        name="Fjordens Trafikskole",
        slug="fjorden",
        email="post@fjorden.example",
        accent="#1b558f",
        accent_dark="#86b9f2",
    )
    with school_scope(school.pk):
        Department.objects.create(school=school, name="Roskilde")
        member(school, "ejer@fjorden.example", "Inger Fjord", Role.OWNER)
