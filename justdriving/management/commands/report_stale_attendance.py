"""``manage.py report_stale_attendance``: attendance that does not fit. Reads, never changes."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from administration.models import School
from bookings.models import Booking
from bookings.queries.stale import stale_attendance
from justdriving.kernel.tenancy import school_scope


class Command(BaseCommand):
    help = "Count and sample places that say something else than their lesson; a dry run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--school", help="only the school with this slug")

    def handle(self, *_args: Any, **options: Any) -> None:
        schools = School.objects.order_by("slug")
        if options["school"]:
            schools = schools.filter(slug=options["school"])
        for school in schools:
            with school_scope(school.pk):
                self._tell(school)

    def _tell(self, school: School) -> None:
        for kind in stale_attendance(Booking.objects.all(), at=timezone.now()):
            self.stdout.write(f"{school.slug}\t{kind.code}\t{kind.count}\t{kind.means}")
            for place in kind.sample:
                self.stdout.write(f"    {place.booking.number} {place.student} ({place.status})")
