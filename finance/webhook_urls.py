"""The addresses that payment providers call; outside any school."""

from django.urls import path

from finance.views import webhooks

app_name = "finance_webhooks"

urlpatterns = [path("stripe/", webhooks.stripe, name="stripe")]
