"""Schools, departments, people, roles and permissions."""

from django.apps import AppConfig


class AdministrationConfig(AppConfig):
    name = "administration"

    def ready(self) -> None:
        from allauth.account.signals import password_reset  # noqa: PLC0415 -- the apps must be ready

        from administration import receivers  # noqa: PLC0415 -- the apps must be ready

        password_reset.connect(
            receivers.mark_address_verified, dispatch_uid="administration.mark_address_verified"
        )
