"""The addresses of messages inside a school."""

from django.urls import path

from notifications import views

app_name = "notifications"

urlpatterns = [
    path("", views.inbox, name="inbox"),
    path("log/", views.log, name="log"),
    path("<int:pk>/", views.message, name="message"),
]
