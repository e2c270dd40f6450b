"""What we ship from others: unchanged, complete, and with its licence."""

import hashlib
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "static"
VENDOR = STATIC / "vendor"
MANIFEST = json.loads((VENDOR / "manifest.json").read_text())
PACKAGES = MANIFEST["packages"]
LISTED = {name: digest for package in PACKAGES for name, digest in package["files"].items()}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_every_vendored_file_is_the_one_that_was_fetched():
    assert {name: sha256(VENDOR / name) for name in LISTED} == LISTED


def test_no_vendored_file_is_unlisted():
    found = {str(path.relative_to(VENDOR)) for path in VENDOR.rglob("*") if path.is_file()}
    assert found - {"manifest.json"} == set(LISTED)


def test_the_icon_sprite_is_the_one_that_was_built():
    assert sha256(STATIC / "icons.svg") == MANIFEST["sprite"]


def test_the_sprite_holds_every_listed_icon_and_our_own_marks():
    wanted = set((Path(settings.BASE_DIR) / "scripts/icons.txt").read_text().split())
    own = {path.stem.removeprefix("symbol-") for path in (STATIC / "img").glob("symbol-*.svg")}
    symbols = [symbol.get("id") for symbol in ET.parse(STATIC / "icons.svg").getroot()]  # noqa: S314 -- our own file
    assert sorted(symbols) == sorted(wanted | own)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["package"])
def test_every_package_carries_its_licence_text(package):
    [licence] = [name for name in package["files"] if name.endswith("/LICENSE")]
    words = {"MIT": "Permission is hereby granted", "OFL-1.1": "SIL OPEN FONT LICENSE"}
    assert words[package["licence"]] in (VENDOR / licence).read_text()


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package["package"])
def test_every_package_is_named_with_its_version_in_third_party(package):
    lines = (Path(settings.BASE_DIR) / "THIRD_PARTY.md").read_text().splitlines()
    assert [line for line in lines if f"| {package['package']} | {package['version']} |" in line]


def test_no_vendored_file_points_to_a_source_map():
    """The manifest storage of production refuses references to files that are not there."""
    assert [name for name in LISTED if b"sourceMappingURL" in (VENDOR / name).read_bytes()] == []


def test_every_installed_package_is_named_in_third_party():
    pins = (Path(settings.BASE_DIR) / "requirements/embedded.txt").read_text()
    installed = set(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", pins, re.MULTILINE))
    text = (Path(settings.BASE_DIR) / "THIRD_PARTY.md").read_text()
    assert {name for name in installed if f"| {name} |" not in text} == set()
