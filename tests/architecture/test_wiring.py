"""Who reacts to what. Read this file to know everything that happens when something happens."""

import ast
from importlib import import_module
from pathlib import Path

from django.dispatch import Signal

ROOT = Path(__file__).parents[2]
APPS = ("administration", "bookings", "finance", "learning")


def listeners(signal) -> list[str]:
    sync, _ = signal._live_receivers(None)
    return [f"{receiver.__module__}.{receiver.__name__}" for receiver in sync]


def sources(root: Path):
    for path in sorted(root.glob("*/**/*.py")):
        if not {"tests", "migrations", ".venv", "var", "benchmarks"} & set(path.parts):
            yield path


def writers_of(attribute: str, root: Path, name: str) -> set[str]:
    """Modules that assign ``<name>.<attribute>``."""
    found = set()
    for path in sources(root):
        for node in ast.walk(ast.parse(path.read_text())):
            for target in node.targets if isinstance(node, ast.Assign) else []:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr == attribute
                    and isinstance(target.value, ast.Name)
                    and target.value.id == name
                ):
                    found.add(str(path.relative_to(root)))
    return found


def users_of_model_signals(root: Path) -> set[str]:
    return {
        str(path.relative_to(root))
        for path in sources(root)
        if "django.db.models.signals" in path.read_text()
    }


WIRING = {
    "administration.signals.student_changed": [
        "finance.receivers.charge_signup",
        "notifications.receivers.welcome",
    ],
    "administration.signals.registration_repeated": ["notifications.receivers.tell_known_already"],
    "administration.signals.membership_changed": ["notifications.receivers.invite"],
    "bookings.signals.participation_changed": [
        "finance.receivers.charge",
        "learning.receivers.record_lesson",
    ],
    "bookings.signals.booking_changed": [
        "bookings.receivers.keep_waiting_list",
        "notifications.receivers.tell_of_booking",
    ],
    "bookings.signals.offer_made": ["notifications.receivers.tell_of_offer"],
    "bookings.signals.seats_given": ["notifications.receivers.tell_of_seats"],
    "bookings.signals.sick_day_settled": ["notifications.receivers.tell_of_sick_day"],
    "finance.signals.invoice_changed": ["notifications.receivers.send_invoice"],
    "finance.signals.credit_note_issued": ["notifications.receivers.send_credit_note"],
    "finance.signals.reminder_due": ["notifications.receivers.send_reminder"],
    "finance.signals.payment_changed": ["notifications.receivers.send_receipt"],
    "learning.signals.signature_changed": ["notifications.receivers.ask_for_signature"],
}


def test_everything_that_is_set_in_motion():
    modules = [import_module(f"{app}.signals") for app in APPS]
    signals = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Signal)
    }
    assert {name: listeners(signal) for name, signal in signals.items()} == WIRING


def test_only_the_calendars_services_write_a_booking_status():
    assert {path.split("/")[1] for path in writers_of("status", ROOT, "booking")} == {"services"}


def test_a_second_writer_of_the_status_is_found(tmp_path):
    sly = tmp_path / "finance" / "sly.py"
    sly.parent.mkdir()
    sly.write_text("booking.status = 'completed'\n")

    assert writers_of("status", tmp_path, "booking") == {"finance/sly.py"}


def test_no_app_listens_to_model_signals():
    assert users_of_model_signals(ROOT) == set()


def test_a_listener_of_model_signals_is_found(tmp_path):
    sly = tmp_path / "finance" / "sly.py"
    sly.parent.mkdir()
    sly.write_text("from django.db.models.signals import post_save\n")

    assert users_of_model_signals(tmp_path) == {"finance/sly.py"}
