"""Addresses of learning, below ``/schools/<slug>/plan/``."""

from django.urls import path

from learning.views import completion, plans, progress, records

app_name = "learning"

urlpatterns = [
    path("", progress.progress, name="progress"),
    path("students/<int:student_id>/", progress.student_progress, name="student_progress"),
    path("students/<int:student_id>/assign/", plans.assign, name="assign"),
    path("lessons/<int:booking_id>/complete/", completion.complete, name="complete"),
    path("records/<int:record_id>/", records.record, name="record"),
    path("records/<int:record_id>/review/", records.review, name="review"),
    path("to-sign/", records.to_sign, name="to_sign"),
    path("plans/", plans.plans, name="plans"),
    path("plans/install/", plans.install_plan, name="install_plan"),
]
