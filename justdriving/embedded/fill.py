"""Make the tables and the demo school in one process: starting Django twice costs a second."""

import gc
import os

import django
from django.core.management import call_command


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "justdriving.settings")
    os.environ.setdefault("STATEMENT_TIMEOUT", "0")
    gc.set_threshold(20_000, 50, 100)  # migrating renders each model many times: 20 s became 16
    django.setup()
    call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
    call_command("load_demo", "--without-history", "--print-logins")


if __name__ == "__main__":
    main()
