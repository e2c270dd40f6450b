"""The least a Django site can do to book: one view that writes the rows, and nothing else.

``http_booking`` runs it under the same server as the real site. It asks no rule, takes no lock and
knows no session; it copies the rows of a booking that the service made (see ``booking_commit``).
"""

import gc
import os
import pickle
from pathlib import Path

import world  # noqa: F401 -- sets Django up
from booking_commit import Bare, hour
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

TEMPLATES = pickle.loads(Path(os.environ["PLAIN_TEMPLATES"]).read_bytes())  # noqa: S301 -- our own file


def book(request: HttpRequest) -> HttpResponse:
    client, number = int(request.POST["client"]), int(request.POST["number"])
    connection.ensure_connection()
    Bare(connection.connection, TEMPLATES[client]).book(hour(number))
    return HttpResponse("booked", content_type="text/plain")


settings.ROOT_URLCONF = "plain_site"
settings.MIDDLEWARE = []
urlpatterns = [path("book/", book)]
application = WSGIHandler()
gc.collect()
gc.freeze()  # as justdriving.wsgi does
