from django.apps import AppConfig


class JustDrivingConfig(AppConfig):
    name = "justdriving"
