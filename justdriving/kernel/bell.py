"""Tell the workers that there is something to do; beat finds it anyway."""

import logging
import threading
import time

from celery import Celery

logger = logging.getLogger(__name__)
QUIET_SECONDS = 30.0


class Bell:
    """Rings for a task of the workers from a thread of its own: nobody waits for the broker.

    Many rings in a row become one. A broker that does not answer is left alone for a while.
    """

    def __init__(self, app: Celery, task: str, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._app = app
        self._task = task
        self._quiet_seconds = quiet_seconds
        self._wanted = threading.Event()
        self._lock = threading.Lock()
        self._ringer: threading.Thread | None = None

    def ring(self) -> None:
        self._wanted.set()
        with self._lock:
            if self._ringer is None or not self._ringer.is_alive():  # a fork takes no threads along
                self._ringer = threading.Thread(target=self._work, name="bell", daemon=True)
                self._ringer.start()

    def _work(self) -> None:
        while self._wanted.wait():
            self._wanted.clear()
            try:
                self._app.send_task(self._task, ignore_result=True, retry=False)
            except Exception:  # noqa: BLE001 -- whatever is wrong with the broker, the rows are safe
                logger.warning("The broker does not answer; the rows wait for the next look")
                time.sleep(self._quiet_seconds)
