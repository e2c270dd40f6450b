"""Lesson plans, progress and signatures."""

from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "learning"

    def ready(self) -> None:
        from learning import receivers  # noqa: F401, PLC0415 -- importing them connects them
