"""The addresses that message providers call; outside any school."""

from django.urls import path

from notifications import views

urlpatterns = [path("twilio/<int:key>", views.twilio_status, name="twilio_status")]
