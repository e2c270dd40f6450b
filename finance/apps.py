"""Wiring: finance listens to the calendar and to the register."""

from django.apps import AppConfig


class FinanceConfig(AppConfig):
    name = "finance"

    def ready(self) -> None:
        from finance import receivers  # noqa: F401, PLC0415 -- the app registry is ready only now
