"""Pages and doors of messages."""

from notifications.views.demo import demo_file, demo_inbox, demo_letter, demo_message
from notifications.views.messages import inbox, log, message
from notifications.views.webhooks import twilio_status

__all__ = [
    "demo_file",
    "demo_inbox",
    "demo_letter",
    "demo_message",
    "inbox",
    "log",
    "message",
    "twilio_status",
]
