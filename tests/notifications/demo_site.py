"""The site as the demonstration mounts it."""

from django.urls import include, path

from justdriving.urls import urlpatterns as site

demo = path("demo/", include("notifications.demo_urls"))
urlpatterns = [*(one for one in site if str(one.pattern) != "demo/"), demo]
