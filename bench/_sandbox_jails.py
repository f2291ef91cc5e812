"""Ways to start one interpreter for a stranger's code, and how long each takes to its first event.

What is measured is a process that prints one line. `heavy` ones import asyncio and json first, as every demo
does, so that they can be put beside our own jails, whose first event comes from a whole scenario. All of them
run one copy of the interpreter, the one in our jail's root.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sandbox import hierarchy
from sandbox.host import Host
from sandbox.root import LIBRARIES, PYTHON

Round = Callable[[], float]  # seconds

LIGHT = "print(1, flush=True)"
HEAVY = "import asyncio, json; print(json.dumps(1), flush=True)"

# snekbox's nsjail configuration, by its facts (config/snekbox.cfg, python-discord/snekbox, MIT).
SNEKBOX_MEMORY = 52_428_800  # bytes
SNEKBOX_PROCESSES = 5
SNEKBOX_ADDRESSES = 700  # MiB
SNEKBOX_SECONDS = 6
SNEKBOX_UID = 65534
NSJAIL_GROUP = "NSJAIL"  # the parent of the cgroups that nsjail makes itself; snekbox makes it beforehand


def inside() -> list[str]:
    """The host's folders that both foreign jails show read-only, as snekbox's does."""
    return [path for path in ("/etc/ld.so.cache", "/lib", "/lib64", "/usr/lib") if Path(path).exists()]


def program(words: list[str], env: dict[str, str] | None = None) -> Round:
    """Started → first byte of its output."""

    def once() -> float:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        )
        assert process.stdout
        assert process.stderr
        first = process.stdout.read(1)
        took = time.perf_counter() - began
        said = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        process.wait()
        if not first:
            raise OSError(said.decode(errors="replace").strip()[-120:] or "no output")
        return took

    return once


def bare(host: Host, code: str) -> Round:
    """No jail at all, the same copy of the interpreter."""
    local = host.root / "usr/local"
    return program([f"{local}/bin/python3", "-I", "-S", "-c", code], {"LD_LIBRARY_PATH": f"{local}/lib"})


def bubblewrap(host: Host, code: str) -> Round | None:
    """bwrap with everything it can unshare, a private /tmp and read-only folders; None where it is not."""
    binary = shutil.which("bwrap")
    if binary is None:
        return None
    words = [binary, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    for path in inside():
        words += ["--ro-bind", path, path]
    for path in (LIBRARIES, PYTHON):
        words += ["--ro-bind", f"{host.root}{path}", path]
    words += ["--setenv", "LD_LIBRARY_PATH", LIBRARIES]
    words += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--chdir", "/tmp"]
    return program([*words, "--", PYTHON, "-I", "-S", "-c", code])


def snekbox(host: Host, code: str) -> Round:
    """nsjail as snekbox sets it up, on this interpreter; without its HTTP server."""
    options: dict[str, object] = {
        "hostname": "snekbox",
        "cwd": "/",
        "time_limit": SNEKBOX_SECONDS,
        "user": f"{SNEKBOX_UID}:{SNEKBOX_UID}:1",
        "group": f"{SNEKBOX_UID}:{SNEKBOX_UID}:1",
        "rlimit_as": SNEKBOX_ADDRESSES,
        "rlimit_fsize": 128,
        "cgroup_mem_max": SNEKBOX_MEMORY,
        "cgroup_pids_max": SNEKBOX_PROCESSES,
    }
    words = [str(host.nsjail), "-Mo", "-q", "--disable_proc", "--iface_no_lo"]
    if Path("/sys/fs/cgroup/cgroup.controllers").exists():
        words += ["--detect_cgroupv2"]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    threads = ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
    environment = {f"{name}_NUM_THREADS".replace("MAXIMUM_NUM", "MAXIMUM"): "5" for name in threads}
    environment |= {"LANG": "en_US.UTF-8", "PYTHONIOENCODING": "utf-8:strict", "LD_LIBRARY_PATH": LIBRARIES}
    for name, text in environment.items():
        words += ["--env", f"{name}={text}"]
    for path in inside():
        words += ["--bindmount_ro", path]
    for path in (LIBRARIES, PYTHON):
        words += ["--bindmount_ro", f"{host.root}{path}:{path}"]
    return program([*words, "--", PYTHON, "-Squ", "-c", code])


@contextlib.contextmanager
def nsjail_groups(host: Host) -> Iterator[None]:
    """The folders in which nsjail makes cgroups of its own, taken away afterwards."""
    made = []
    if host.cgroups and host.cgroups.version == 1:
        mounts = hierarchy.mounts()
        made = [mounts[name] / NSJAIL_GROUP for name in ("memory", "pids") if name in mounts]
    ours = [folder for folder in made if not folder.exists()]
    for folder in ours:
        folder.mkdir()
    try:
        yield
    finally:
        for folder in ours:
            for inside in [path for path in folder.iterdir() if path.is_dir()]:
                inside.rmdir()
            folder.rmdir()


def others(host: Host) -> dict[str, Round | str]:
    """What is put beside our jails: the way to start it, or the reason why it cannot be started here."""
    found: dict[str, Round | str] = {
        "bare python -I -S": bare(host, LIGHT),
        "bare python, asyncio + json": bare(host, HEAVY),
    }
    for name, make in (("bubblewrap + python", bubblewrap), ("nsjail as snekbox has it", snekbox)):
        for title, code in ((name, LIGHT), (f"{name}, asyncio + json", HEAVY)):
            once = make(host, code)
            found[title] = "нет bwrap" if once is None else tried(once)
    return found


def tried(once: Round) -> Round | str:
    """The round itself, or why it does not run on this machine."""
    try:
        once()
    except OSError as error:
        return f"не запустился: {error}"[:160]
    return once


def machine() -> str:
    """The machine in a few words, for the head of a table."""
    return f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}"
