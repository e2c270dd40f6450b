"""A real worker, killed without warning while it sends: the journals at the far ends decide."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from uuid import uuid4

import pytest
from celery import current_app
from django.conf import settings as site
from django.db import connection
from django.utils import timezone

from justdriving.doctor import examine
from notifications.enums import Channel, Event, MessageStatus
from notifications.invariants import INVARIANTS
from notifications.models import Message
from tests.notifications.stories import text_message

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).parents[2]
EACH = 40
KILLS = 4
THREADS = 4
LEASE_SECONDS = 2
PATIENCE_SECONDS = 30
OPEN = {"wake_at__isnull": False}


class Worker:
    """The worker of production in a process of its own, on a queue of its own."""

    def __init__(self, mail_server, exchange) -> None:
        self.queue = f"kill-{uuid4().hex}"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {
            **os.environ,
            "DATABASE_NAME": connection.settings_dict["NAME"],
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}",
            "TWILIO_ACCOUNT_SID": "ACtest",
            "TWILIO_AUTH_TOKEN": "secret-token",
            "TWILIO_FROM": "+4512345678",
            "TWILIO_API_BASE": exchange.url,
            "CELERY_BROKER_URL": site.CELERY_BROKER_URL,
            "MESSAGE_LEASE_SECONDS": str(LEASE_SECONDS),
            "JD_DEMO": "",
        }

    def start(self) -> None:
        command = [sys.executable, "-m", "celery", "-A", "justdriving", "worker", "-P", "threads"]
        options = ["-c", str(THREADS), "-Q", self.queue, "-l", "error", "--without-mingle"]
        self.process = subprocess.Popen(
            [*command, *options, "--without-gossip", "--without-heartbeat"],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wake(self) -> None:
        for _ in range(THREADS):
            current_app.send_task(
                "notifications.tasks.deliver_due_messages", queue=self.queue, ignore_result=True
            )

    def kill(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def worker(mail_server, exchange):
    worker = Worker(mail_server, exchange)
    yield worker
    worker.kill()
    with current_app.connection_for_write() as broker:
        broker.default_channel.queue_delete(worker.queue)


def wait_until(reached, seconds: float = PATIENCE_SECONDS) -> None:
    limit = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < limit, "the worker makes no progress"
        time.sleep(0.02)


def queue_everything() -> None:
    now = timezone.now()
    first = text_message(now, address="+4520000000", about="0")
    for number in range(1, EACH):
        text_message(now, address=f"+452000{number:04}", about=str(number), like=first)
    for number in range(EACH):
        booked, off = f"booked-{number}@people.example", f"off-{number}@people.example"
        text_message(now, channel=Channel.EMAIL, address=booked, like=first)
        text_message(
            now, channel=Channel.EMAIL, address=off, event=Event.BOOKING_CANCELLED, like=first
        )


def test_a_worker_killed_again_and_again_neither_loses_nor_repeats(worker, mail_server, exchange):
    queue_everything()
    exchange.exchange.seconds = mail_server.mailbox.seconds = 0.02
    taken = lambda: len(mail_server.mailbox.taken) + len(exchange.exchange.taken)  # noqa: E731

    for _ in range(KILLS):
        before = taken()
        worker.start()
        worker.wake()
        wait_until(lambda goal=before + EACH // 2: taken() >= goal)
        worker.kill()
    worker.start()
    while Message.across_schools.filter(**OPEN).exists():
        worker.wake()
        time.sleep(0.5)

    texts = Counter(message["to"] for message in exchange.exchange.taken)
    assert texts == Counter({f"+452000{number:04}": 1 for number in range(EACH)})
    mails = Counter(mail_server.mailbox.addresses())
    for number in range(EACH):
        assert mails[f"off-{number}@people.example"] >= 1
        assert mails[f"booked-{number}@people.example"] <= 1
    missing = {f"booked-{number}@people.example" for number in range(EACH)} - set(mails)
    uncertain = Message.across_schools.filter(status=MessageStatus.UNKNOWN)
    assert missing <= set(uncertain.values_list("address", flat=True))
    assert uncertain.count() <= KILLS * THREADS
    assert examine(INVARIANTS) == []
