"""A folder to run servers below, and processes that end with the test."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from justdriving.embedded import places, postgres, presence, valkey

PROJECT = Path(__file__).resolve().parents[2]


def await_that(condition, seconds=15):
    """What the condition gives as soon as it is true; fails when it stays false."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.02)
    return found


def is_gone(pid):
    return places.is_dead(pid, "")


class Somebody:
    """Another process that uses the servers."""

    def __init__(self, root, purpose):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedded.somebody", str(root), purpose],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def arrive(self):
        return json.loads(self.process.stdout.readline())

    def leave(self):
        self.process.communicate(timeout=20)
        assert self.process.returncode == 0

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A project's folder; what was started below it is gone afterwards."""
    folder = tmp_path_factory.mktemp("project with a space")
    yield folder
    for purpose in ("demo", "test"):
        for server in (postgres(folder, purpose), valkey(folder, purpose)):
            if server.home.exists():
                assert presence.stop_if_unused(server)
                shutil.rmtree(server.home)
    shutil.rmtree(places.socket_folder(folder), ignore_errors=True)


@pytest.fixture
def somebody(root):
    """A function that lets one more process use the servers."""
    people = []

    def come(purpose="test"):
        people.append(Somebody(root, purpose))
        return people[-1]

    yield come
    for person in people:
        person.kill()


@pytest.fixture
def unused_port():
    """A port that is free now, and the next one too."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
                return port


@pytest.fixture
def small_demo(root, unused_port):
    """A function that starts the demo; its lines can be read from ``stdout``."""
    running = []

    def begin(port=unused_port):
        command = [sys.executable, "-m", "tests.embedded.small_demo", str(root), str(port)]
        environment = os.environ | {"NO_COLOR": "1"}
        running.append(
            subprocess.Popen(
                command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env=environment
            )
        )
        return running[-1]

    yield begin
    for process in running:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()
