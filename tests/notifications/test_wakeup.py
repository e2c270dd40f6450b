"""A broken broker costs a booking nothing; a working one is rung once for many messages."""

import time
from uuid import uuid4

from celery import Celery
from django.conf import settings as site

from justdriving.kernel.bell import Bell
from notifications.services.wakeup import TASK


def wait_for(reached) -> None:
    limit = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_dead_broker_is_noticed_once_and_then_left_alone(caplog):
    deaf = Celery(broker="redis://127.0.0.1:1/0", set_as_current=False)
    bell = Bell(deaf, TASK, quiet_seconds=3600)

    for _ in range(5):
        bell.ring()
    wait_for(lambda: caplog.records)
    bell.ring()

    assert [record.message for record in caplog.records] == [
        "The broker does not answer; the rows wait for the next look"
    ]


def test_the_bell_rings_for_the_workers():
    app = Celery(broker=site.CELERY_BROKER_URL, set_as_current=False)
    app.conf.task_default_queue = f"bell-{uuid4().hex}"

    Bell(app, TASK).ring()

    with app.connection_for_read() as broker:
        queue = broker.SimpleQueue(app.conf.task_default_queue)
        heard = queue.get(timeout=30)
        assert heard.headers["task"] == TASK
        heard.ack()
        queue.queue.delete()
        queue.close()
