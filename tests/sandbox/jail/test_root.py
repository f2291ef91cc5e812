"""The jail's root: built once, whole or not at all, and kept while it is in use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox import root
from sandbox.host import REPOSITORY, Host
from sandbox.jail import Jail
from sandbox.limits import DEMO
from tests.sandbox.runs import play


@pytest.fixture
def var(open_folder: Path) -> Iterator[Path]:
    folder = open_folder / "other"
    folder.mkdir(exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def test_a_root_is_built_once(var: Path) -> None:
    first = root.ensure(var)
    born = first.stat().st_ino
    assert root.ensure(var) == first
    assert first.stat().st_ino == born


def test_two_builders_at_once_make_one_root(var: Path) -> None:
    with ThreadPoolExecutor() as threads:
        roots = list(threads.map(root.ensure, [var] * 3))
    assert len(set(roots)) == 1
    assert [path.name for path in (var / "jailroot").iterdir() if path.is_dir()] == [roots[0].name]


def test_a_stale_root_is_cleared_away(var: Path) -> None:
    stale = var / "jailroot" / "0123456789abcdef"
    (stale / "usr").mkdir(parents=True)
    root.ensure(var)
    assert not stale.exists()


def test_a_root_that_another_worker_uses_is_kept(var: Path) -> None:
    used = var / "jailroot" / "0123456789abcdef"
    used.mkdir(parents=True)
    lease = f"root._lease(Path({str(used)!r}))"
    code = f"from sandbox import root; from pathlib import Path; {lease}; print(1, flush=True); input()"
    worker = subprocess.Popen(
        [sys.executable, "-c", code], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert worker.stdout
    assert worker.stdin
    worker.stdout.readline()
    root.ensure(var)
    assert used.exists()
    worker.communicate(b"\n")


def test_nothing_half_built_is_left(var: Path) -> None:
    root.ensure(var)
    assert not list((var / "jailroot").glob("building-*"))


def test_the_interpreter_inside_is_the_one_outside(host: Host) -> None:
    with Jail(host, DEMO) as jail:
        told = play(jail, "import sys\nasync def scenario(lab):\n    lab.emit('python', version=sys.version)")
    assert told.one("python")["version"] == sys.version


def test_the_library_a_lesson_may_need_is_there(host: Host) -> None:
    modules = "asyncio, contextvars, ctypes, decimal, hashlib, http.server, json, logging, multiprocessing"
    more = "socketserver, sqlite3, ssl, statistics, unittest, urllib.request, uuid, xml.etree, zoneinfo"
    with Jail(host, DEMO) as jail:
        told = play(jail, f"import {modules}, {more}\nasync def scenario(lab):\n    lab.emit('imported')")
    assert "imported" in told.kinds()


def test_no_file_of_the_root_can_be_written_by_others(host: Host) -> None:
    for folder, _, files in os.walk(host.root):
        for name in files:
            path = Path(folder, name)
            assert path.is_symlink() or not path.stat().st_mode & 0o022, path
