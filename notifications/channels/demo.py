"""The demonstration: what would have left lies in the demo inbox, and nothing leaves."""

from base64 import b64encode

from django.conf import settings
from django.utils import timezone

from notifications.enums import Channel, Outcome
from notifications.models import DemoMessage
from notifications.parcels import Handed, Parcel
from notifications.policies import Answer


class Demo:
    name = "demo"
    channel = Channel.EMAIL

    def open(self) -> None:
        """Nothing to open."""

    def send(self, parcel: Parcel) -> Answer:
        DemoMessage.objects.get_or_create(
            message_id=parcel.key,
            defaults={
                "channel": self.channel,
                "sender": self._sender(parcel),
                "to_name": parcel.to_name,
                "address": parcel.address,
                "subject": parcel.subject,
                "text": parcel.text,
                "html": parcel.html,
                "attachments": [
                    {
                        "name": file.name,
                        "type": file.content_type,
                        "base64": b64encode(file.content).decode(),
                    }
                    for file in parcel.attachments
                ],
                "sent_at": timezone.now(),
            },
        )
        return Answer(Outcome.TAKEN, is_delivered=True)

    def find(self, handed: Handed) -> Answer:
        if DemoMessage.objects.filter(message_id=handed.key).exists():
            return Answer(Outcome.TAKEN, is_delivered=True)
        return Answer(Outcome.NOT_TAKEN)

    def close(self) -> None:
        """Nothing to close."""

    def _sender(self, parcel: Parcel) -> str:
        return f"{parcel.sender_name} <{settings.DEFAULT_FROM_EMAIL.split('<')[-1].rstrip('>')}>"


class DemoSms(Demo):
    channel = Channel.SMS

    def _sender(self, parcel: Parcel) -> str:
        return parcel.sender_name
