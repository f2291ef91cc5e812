"""`manage.py check --deploy` says in Russian what a deployer may overlook, and the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.checks import CheckMessage

from coursesite import checks
from coursesite.environment import ROOT, Proxies, load

KEY = "kX3v9mQ7tRb2LzW8nJ5cYd1HgF6sPa0eUoTiVq4wBxZyMlKjDrNfGhCS"


def ids(found: Iterable[CheckMessage]) -> list[str]:
    found = list(found)
    assert all(one.hint for one in found)
    return [str(one.id) for one in found]


@pytest.mark.parametrize(
    ("key", "told"),
    [(KEY, []), ("a" * 60, ["coursesite.E001"]), (f"django-insecure-{KEY}", ["coursesite.E001"])],
)
def test_a_key_that_can_be_guessed_is_an_error(settings: Any, key: str, told: list[str]) -> None:
    settings.SECRET_KEY = key
    assert ids(checks.secret_key(None)) == told


@pytest.mark.parametrize(
    ("hosts", "told"), [(["poligon.example"], []), ([], ["coursesite.E002"]), (["*"], ["coursesite.E002"])]
)
def test_no_names_or_any_name_is_an_error(settings: Any, hosts: list[str], told: list[str]) -> None:
    settings.ALLOWED_HOSTS = hosts
    assert ids(checks.names(None)) == told


@pytest.fixture
def var(settings: Any, tmp_path: Path) -> Path:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o700)
    for name in ("secret", "db.sqlite3"):
        (folder / name).touch(mode=0o644)
    settings.VAR = folder
    settings.ENV = SimpleNamespace(database_path=folder / "db.sqlite3")
    return folder


def test_files_below_a_closed_folder_are_private(var: Path) -> None:
    assert ids(checks.private_files(None)) == []


def test_a_folder_others_may_enter_is_an_error_and_so_is_each_open_file_in_it(var: Path) -> None:
    var.chmod(0o750)
    (var / "secret").chmod(0o600)
    told = checks.private_files(None)
    assert ids(told) == ["coursesite.E003"] * 2
    assert {str(one.hint) for one in told} == {f"chmod 700 {var}", f"chmod 600 {var / 'db.sqlite3'}"}


def test_a_database_elsewhere_is_looked_at_too(var: Path, settings: Any, tmp_path: Path) -> None:
    elsewhere = tmp_path / "data"
    elsewhere.mkdir(mode=0o755)
    settings.ENV = SimpleNamespace(database_path=elsewhere / "db.sqlite3")
    assert [one.hint for one in checks.private_files(None)] == [f"chmod 700 {elsewhere}"]


def trusted(value: str) -> Proxies:
    return load({"LOCAL": "1", "TRUSTED_PROXIES": value}, with_secret=False).trusted_proxies


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("", ["coursesite.W001"]),
        ("none", []),
        ("unix", []),
        ("127.0.0.1, fd00::/16, 104.16.0.0/13", []),
        ("0.0.0.0/0", ["coursesite.E004"]),
        ("::/0", ["coursesite.E004"]),
        ("127.0.0.1, 128.0.0.0/1", ["coursesite.E004"]),
    ],
)
def test_proxies_that_were_forgotten_or_are_everybody_are_told(
    settings: Any, value: str, told: list[str]
) -> None:
    settings.LOCAL, settings.TRUSTED_PROXIES = False, trusted(value)
    assert ids(checks.proxies(None)) == told


def test_a_server_that_believes_everybody_is_an_error(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LOCAL, settings.TRUSTED_PROXIES = False, trusted("none")
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert ids(checks.proxies(None)) == ["coursesite.E005"]


def check_deploy(var: Path, **env: str) -> subprocess.CompletedProcess[str]:
    good = {"PATH": os.defpath, "POLIGON_VAR": str(var), "SECRET_KEY": KEY, "ALLOWED_HOSTS": "site.example"}
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--tag", "coursesite", "--tag", "security"],
        cwd=ROOT,
        env={**good, **env},
        capture_output=True,
        text=True,
    )


def test_the_command_is_silent_about_a_good_deployment(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    done = check_deploy(tmp_path, TRUSTED_PROXIES="127.0.0.1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no issues" in done.stdout


def test_the_command_fails_and_tells_what_to_do_about_a_bad_one(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    done = check_deploy(tmp_path, TRUSTED_PROXIES="0.0.0.0/0", ALLOWED_HOSTS="*")
    assert done.returncode == 1
    for number in ("E002", "E003", "E004"):
        assert f"coursesite.{number}" in done.stderr
    assert f"chmod 700 {tmp_path}" in done.stderr
