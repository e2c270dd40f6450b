"""The addresses that draw on every app: where a person lands, and a student's record."""

from django.urls import path

from justdriving.home.office import unassigned
from justdriving.home.record import student_record
from justdriving.home.start import home

app_name = "home"

urlpatterns = [
    path("home/", home, name="home"),
    path("home/unassigned/", unassigned, name="unassigned"),
    path("students/<int:student_id>/", student_record, name="student"),
]
