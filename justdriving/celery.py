"""Celery carries wake-ups only; what has to be done stands in Postgres."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "justdriving.settings")

app = Celery("justdriving")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
