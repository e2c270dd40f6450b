"""Lint the migrations made since the last release: the old program must run on the new tables.

Until a first release (a tag ``v…``) nobody has data, so what is found is only shown.
"""

import os
import subprocess
import sys
from pathlib import Path

import django

ROOT = Path(__file__).resolve().parent.parent
APPS = ["administration", "bookings", "finance", "learning", "notifications"]


def last_release() -> str | None:
    command = ["git", "describe", "--tags", "--abbrev=0", "--match", "v*"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed
    return answer.stdout.strip() or None


def main() -> int:
    """The exit code: 1 when a migration since the last release would break a running program."""
    sys.path.insert(0, str(ROOT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "justdriving.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    django.setup()
    from django_migration_linter import MigrationLinter  # noqa: PLC0415 -- after the settings

    release = last_release()
    linter = MigrationLinter(
        str(ROOT),
        include_apps=APPS,
        no_cache=True,
        ignore_initial_migrations=True,
        quiet=["ok", "ignore", "warning"],
    )
    linter.lint_all_migrations(git_commit_id=release)
    print(f"{linter.nb_erroneous} would stop the old program ({release or 'nothing released yet'})")
    return int(linter.has_errors and release is not None)


if __name__ == "__main__":
    sys.exit(main())
