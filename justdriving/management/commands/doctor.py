"""``manage.py doctor``: is everything as it must be? Reads, never changes."""

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from justdriving.doctor import Finding, all_invariants, examine


class Command(BaseCommand):
    help = "Check every invariant; exit 1 and name the faults when one does not hold."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object for programs")

    def handle(self, *_args: Any, **options: Any) -> None:
        findings, asked = examine(), len(all_invariants())
        if options["json"]:
            report = {"asked": asked, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self._tell(findings, asked)
        if findings:
            sys.exit(1)

    def _tell(self, findings: list[Finding], asked: int) -> None:
        for finding in findings:
            self.stdout.write(f"FAULT {finding.code} ({finding.count}): {finding.means}")
            for line in finding.sample:
                self.stdout.write(f"    {line}")
        held = asked - len(findings)
        self.stdout.write(f"{held} of {asked} invariants hold")
