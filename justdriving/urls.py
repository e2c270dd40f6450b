"""Every address of the product."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from administration import views as people
from bookings.views.feeds import calendar_feed
from justdriving.home import health
from justdriving.home import views as home

SCHOOL = "schools/<slug:school>/"

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as allauth documents

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.landing, name="landing"),
    path("home/", home.enter, name="home"),
    path("language/", people.set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("calendar/<str:token>.ics", calendar_feed, name="calendar_feed"),
    path("webhooks/", include("finance.webhook_urls")),
    path("webhooks/", include("notifications.webhook_urls")),
    path(SCHOOL + "theme.css", people.school_theme, name="school_theme"),
    path(SCHOOL, include("justdriving.home.urls")),
    path(SCHOOL, include("administration.urls")),
    path(SCHOOL + "bookings/", include("bookings.urls")),
    path(SCHOOL + "money/", include("finance.urls")),
    path(SCHOOL + "plan/", include("learning.urls")),
    path(SCHOOL + "messages/", include("notifications.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("demo/", include("notifications.demo_urls")))
