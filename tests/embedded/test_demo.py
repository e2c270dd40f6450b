"""The demo's supervisor: one command starts everything, one Ctrl-C ends everything."""

import os
import signal
import socket
import urllib.request

import pytest

from justdriving.embedded import postgres, valkey
from justdriving.embedded.ports import listen
from tests.embedded.conftest import await_that, is_gone


def read_until(process, *words):
    """The lines up to the one with which all the words have been said."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if all(any(word in said for said in lines) for word in words):
            return lines
    pytest.fail(f"no {words} in:\n{''.join(lines)}")


def numbers_of_family(lines):
    [line] = [line for line in lines if "| numbers " in line]
    return [int(number) for number in line.split()[-2:]]


def everything(root, lines):
    """The numbers of the demo's processes."""
    servers = [postgres(root, "test").pid(), valkey(root, "test").pid()]
    return numbers_of_family(lines) + servers


def page(port):
    with urllib.request.urlopen(f"http://localhost:{port}/") as answer:
        return answer.status


def test_it_ends_with_the_address_and_the_logins(small_demo, unused_port):
    lines = read_until(small_demo(), "Ctrl-C")

    text = "".join(lines)
    assert f"Just Driving runs at http://localhost:{unused_port}\n" in text
    assert "|   Owner: anna\n" in text
    assert page(unused_port) == 200


def test_what_can_wait_runs_afterwards_and_its_failure_is_said(small_demo):
    lines = read_until(small_demo(), "school ended with code 3")

    said = [line.strip() for line in lines if "school" in line]
    assert said == ["school | all told", "demo | school ended with code 3"]


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
def test_a_request_to_end_leaves_no_process(small_demo, root, unused_port, number):
    demo = small_demo()
    pids = everything(root, read_until(demo, "Ctrl-C", "| numbers "))
    assert [is_gone(pid) for pid in pids] == [False] * 4

    demo.send_signal(number)
    demo.communicate(timeout=20)

    assert demo.returncode == 0
    assert [is_gone(pid) for pid in pids] == [True] * 4
    assert listen_there(unused_port) == unused_port


def test_a_killed_demo_takes_its_programs_with_it_and_can_be_started_again(
    small_demo, root, unused_port
):
    demo = small_demo()
    program, child = numbers_of_family(read_until(demo, "Ctrl-C", "| numbers "))

    demo.kill()
    demo.communicate()

    await_that(lambda: is_gone(program))
    os.kill(child, signal.SIGKILL)  # whom only its parent knew
    await_that(lambda: listen_there(unused_port) == unused_port)
    read_until(small_demo(), "Ctrl-C")
    assert page(unused_port) == 200


def test_a_program_that_dies_is_started_again(small_demo):
    demo = small_demo()
    program, child = numbers_of_family(read_until(demo, "Ctrl-C", "| numbers "))

    os.kill(program, signal.SIGKILL)

    lines = read_until(demo, "| numbers ")
    assert "family was killed by SIGKILL; starting it again in 1 s" in "".join(lines)
    assert numbers_of_family(lines) != [program, child]
    assert is_gone(child)


def test_a_server_that_dies_is_started_again(small_demo, root):
    demo = small_demo()
    read_until(demo, "Ctrl-C")

    os.kill(postgres(root, "test").pid(), signal.SIGKILL)

    read_until(demo, "Postgres died; starting it again")
    await_that(postgres(root, "test").answers)


def test_a_taken_port_gives_the_next_one(small_demo, unused_port):
    with socket.create_server(("127.0.0.1", unused_port)):
        lines = read_until(small_demo(), "Ctrl-C")

    text = "".join(lines)
    assert f"Port {unused_port} is taken; using {unused_port + 1} instead." in text
    assert page(unused_port + 1) == 200


def listen_there(port):
    """The port that the demo would take now."""
    found, sockets = listen("localhost", port)
    for opened in sockets:
        opened.close()
    return found


@pytest.mark.parametrize("address", ("127.0.0.1", "::1"))
def test_a_port_is_taken_when_either_address_of_localhost_is(unused_port, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, unused_port), family=family):
        assert listen_there(unused_port) == unused_port + 1


def test_an_address_of_another_machine_is_refused(unused_port):
    with pytest.raises(OSError, match="assign requested address"):
        listen("192.0.2.1", unused_port)
