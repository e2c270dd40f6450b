"""The composition root: settings, urls, worker, and the pages that draw on every app."""

from justdriving.celery import app as celery_app

__all__ = ["celery_app"]
