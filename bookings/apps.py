"""Wiring: the waiting list listens to the calendar."""

from django.apps import AppConfig


class BookingsConfig(AppConfig):
    name = "bookings"

    def ready(self) -> None:
        from bookings import receivers  # noqa: F401, PLC0415 -- the app registry is ready only now
