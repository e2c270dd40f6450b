""".env.example lists every variable that the program reads, and none that it does not."""

import ast
import re
from pathlib import Path
from typing import ClassVar

import environ
import pytest
import yaml

ROOT = Path(__file__).parents[2]
SETTINGS = (ROOT / "justdriving" / "settings.py").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()


def read_by(settings: str) -> set[str]:
    """The names given to ``env.str("…")`` and its kin."""
    calls = [node for node in ast.walk(ast.parse(settings)) if isinstance(node, ast.Call)]
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "env"
        and call.args
        and isinstance(call.args[0], ast.Constant)
    }


def listed_in(example: str) -> list[str]:
    return re.findall(r"^(?:# )?([A-Z][A-Z_]*)=", example, re.MULTILINE)


def wanted_by(compose: str) -> set[str]:
    """The names that docker-compose.yml takes from .env itself."""
    return set(re.findall(r"\$\{([A-Z_]+)", compose))


def test_every_variable_is_listed_once_and_explained():
    listed = listed_in(EXAMPLE)

    assert sorted(listed) == sorted(read_by(SETTINGS) | wanted_by(COMPOSE))
    for before, line in zip(["", *EXAMPLE.splitlines()], EXAMPLE.splitlines(), strict=False):
        if re.match(r"(# )?[A-Z][A-Z_]*=", line):
            assert before, f"nothing explains {line}"


def test_a_new_variable_would_be_noticed():
    sabotaged = SETTINGS + '\nNEW = env.bool("JD_NEW", default=False)\n'

    assert sorted(listed_in(EXAMPLE)) != sorted(read_by(sabotaged) | wanted_by(COMPOSE))


def test_the_commented_values_are_the_defaults():
    shown = dict(re.findall(r"^# ([A-Z][A-Z_]*)=(.+)$", EXAMPLE, re.MULTILINE))
    plain = r'env\.\w+\(\s*"([A-Z_]+)", (?:default=)?(?:\S+ if TESTING else )?"?(\w+)"?\)'
    defaults = {name: value for name, value in re.findall(plain, SETTINGS) if name in shown}

    assert shown == defaults


@pytest.mark.parametrize("service", ("postgres", "valkey", "web", "worker", "beat"))
def test_every_service_has_a_health_check_and_restarts(service):
    description = yaml.safe_load(COMPOSE)["services"][service]

    assert description["healthcheck"]["test"][0] == "CMD"
    assert description["restart"] == "unless-stopped"


def test_the_program_waits_for_its_tables():
    services = yaml.safe_load(COMPOSE)["services"]

    for service in ("web", "worker", "beat"):
        waits_for = {
            name: how["condition"] for name, how in services[service]["depends_on"].items()
        }
        assert waits_for == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }


def test_compose_carries_no_secret():
    services = yaml.safe_load(COMPOSE)["services"]

    assert services["postgres"]["environment"]["POSTGRES_PASSWORD"].startswith("${")
    assert {services[name]["env_file"] for name in ("web", "worker", "beat")} == {".env"}


def test_the_example_can_be_read(tmp_path):
    class Nothing(environ.Env):
        ENVIRON: ClassVar = {}

    (tmp_path / ".env").write_text(EXAMPLE)

    Nothing.read_env(tmp_path / ".env")

    assert Nothing().str("DEFAULT_FROM_EMAIL") == "Just Driving <post@justdriving.example>"
    assert Nothing().email_url("EMAIL_URL")["EMAIL_USE_TLS"] is True
