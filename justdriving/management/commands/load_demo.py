"""``manage.py load_demo``: the invented school, with dates around today. Twice changes nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import override

from justdriving.demo import LOGINS
from justdriving.demo.load import load, load_history


class Command(BaseCommand):
    help = "Load the demonstration school, and keep it up to date; not in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--without-history", action="store_true", help="only what is going on around today"
        )
        parser.add_argument("--print-logins", action="store_true", help="one login per role")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            message = "The demonstration is not for production."
            raise CommandError(message)
        with override("da"):
            made = load(now=timezone.now())
            if not options["without_history"]:
                load_history(now=timezone.now())
        self.stdout.write("Demo school loaded." if made else "Demo school is there already.")
        if options["print_logins"]:
            for login in LOGINS:
                self.stdout.write(f"{login.role}\t{login.email}\t{login.password}")
