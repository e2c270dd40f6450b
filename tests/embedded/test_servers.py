"""The private servers start, survive what can be survived, and leave nothing behind."""

import os
import signal
from pathlib import Path

import psycopg
import pytest
import redis

from justdriving.embedded import places, postgres, valkey
from justdriving.embedded.places import NotOurs
from justdriving.embedded.valkey import Valkey
from tests.embedded.conftest import await_that, is_gone


def connect(database):
    return psycopg.connect(
        host=database["HOST"], user=database["USER"], dbname=database["NAME"], autocommit=True
    )


def ask(database, question):
    with connect(database) as connection:
        return connection.execute(question).fetchone()[0]


def test_postgres_and_valkey_answer_and_danish_letters_have_case(somebody):
    found = somebody().arrive()

    assert ask(found["database"], "SELECT 'ÆØÅ' ILIKE 'æøå'") is True
    with redis.Redis.from_url(found["urls"][0]) as cache:
        assert cache.ping() is True


def test_the_servers_listen_on_no_network(somebody):
    found = somebody().arrive()

    assert ask(found["database"], "SHOW listen_addresses") == ""
    with redis.Redis.from_url(found["urls"][0]) as cache:
        assert cache.config_get("port") == {"port": "0"}


def test_two_who_start_at_once_share_one_server(somebody):
    first, second = somebody(), somebody()

    assert first.arrive() == second.arrive()
    first.leave()
    second.leave()


def test_the_last_one_out_stops_the_servers(root, somebody):
    first, second = somebody(), somebody()
    first.arrive(), second.arrive()
    servers = postgres(root, "test"), valkey(root, "test")
    pids = [server.pid() for server in servers]

    first.leave()
    assert [server.is_running() for server in servers] == [True, True]

    second.leave()
    assert [is_gone(pid) for pid in pids] == [True, True]


def test_one_who_is_killed_leaves_servers_that_the_next_one_stops(root, somebody):
    killed = somebody()
    killed.arrive()
    pid = postgres(root, "test").pid()
    killed.kill()
    assert not is_gone(pid)

    following = somebody()
    following.arrive()
    assert postgres(root, "test").pid() == pid
    following.leave()

    assert is_gone(pid)


def test_a_killed_postgres_comes_back_with_what_was_committed(root, somebody):
    found = somebody("demo").arrive()
    with connect(found["database"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        os.kill(postgres(root, "demo").pid(), signal.SIGKILL)

    found = somebody("demo").arrive()

    assert ask(found["database"], "SELECT answer FROM kept") == 42


def test_a_killed_valkey_comes_back_with_what_was_queued(root, somebody):
    found = somebody("demo").arrive()
    with redis.Redis.from_url(found["urls"][0]) as cache:
        cache.rpush("queue", "wake up")
        cache.execute_command("WAITAOF", 1, 0, 5000)
    os.kill(valkey(root, "demo").pid(), signal.SIGKILL)
    await_that(lambda: not valkey(root, "demo").is_running())

    found = somebody("demo").arrive()

    with redis.Redis.from_url(found["urls"][0]) as cache:
        assert cache.lrange("queue", 0, -1) == [b"wake up"]


def test_the_tests_have_their_own_data(root, somebody):
    demo, test = somebody("demo").arrive(), somebody("test").arrive()

    assert ask(demo["database"], "SHOW fsync") == "on"
    assert ask(test["database"], "SHOW fsync") == "off"
    assert demo["urls"] != test["urls"]


@pytest.mark.parametrize("whose", ("init's", "ours", "another Postgres's"))
def test_a_number_that_another_program_got_is_not_the_server(root, somebody, whose):
    somebody().leave()
    somebody("demo").arrive()
    numbers = {"init's": 1, "ours": os.getpid(), "another Postgres's": postgres(root, "demo").pid()}
    server = postgres(root, "test")
    (server.data / "postmaster.pid").write_text(f"{numbers[whose]}\n{server.data}\n")

    assert server.pid() is None
    assert ask(somebody().arrive()["database"], "SELECT 1") == 1
    assert postgres(root, "demo").is_running()


def test_a_long_path_gets_short_sockets(tmp_path):
    long = tmp_path / ("x" * 120)

    server = Valkey(long, "valkey", durable=False)

    assert len(os.fsencode(server.socket)) <= 107
    assert server.socket != Valkey(tmp_path / ("x" * 121), "valkey", durable=False).socket


def test_a_folder_that_somebody_else_planted_is_refused(tmp_path):
    planted = Path("/usr")  # root's, so another user's for anybody else
    if os.geteuid() == 0:
        tmp_path.chmod(0o1777)
        planted = tmp_path / "planted"
        planted.mkdir()
        os.chown(planted, 12345, 12345)

    with pytest.raises(NotOurs, match="belongs to another user"):
        places.own_folder(planted)
