"""The jail's own command line with layers taken out of it, around a program of the test's."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from sandbox.cgroups import Group
from sandbox.host import Host
from sandbox.jail import command
from sandbox.limits import DEMO, Limits

# What a program may use: `syscall` gives the result, or the errno's name; `say` tells the test.
PRELUDE = """
import ctypes, errno, json, os, sys
_libc = ctypes.CDLL(None, use_errno=True)
def syscall(number, *arguments):
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = _libc.syscall(ctypes.c_long(number), *words)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result
def attempt(function, *arguments):
    try:
        function(*arguments)
        return "done"
    except OSError as error:
        return errno.errorcode[error.errno]
def say(value):
    os.write(1, json.dumps(value).encode())
"""

# Each layer of nsjail's: what takes it out of the command line. Names that begin with a dash are added.
NAMESPACES = {
    "user": ["--disable_clone_newuser"],
    "mnt": ["--disable_clone_newns"],
    "pid": ["--disable_clone_newpid"],
    "net": ["--disable_clone_newnet"],
    "ipc": ["--disable_clone_newipc"],
    "uts": ["--disable_clone_newuts"],
    "cgroup": ["--disable_clone_newcgroup"],
}
LAYERS = {
    **NAMESPACES,
    "seccomp": ["seccomp_policy"],
    "capabilities": ["--keep_caps"],
    "no_new_privs": ["--disable_no_new_privs"],
    "rlimits": ["--disable_rlimits"],
    "read-only root": ["--rw"],
}


def taken_out(words: Sequence[str], layers: Iterable[str]) -> list[str]:
    """The command line without these layers."""
    left = list(words)
    nsjail = left.index("-Mo")
    for layer in layers:
        for change in LAYERS[layer]:
            if change.startswith("--"):
                left.insert(nsjail + 1, change)
            else:
                at = left.index(f"--{change}")
                del left[at : at + 2]
        if layer == "user":  # a uid of the outside means nothing without a mapping
            for name in ("--user", "--group"):
                at = left.index(name) + 1
                left[at] = left[at].partition(":")[0]
        if layer == "mnt":
            _drop(left, "--bindmount_ro")
            _drop(left, "--mount")
            left[left.index("--cwd") + 1] = "/"
        if layer == "uts":
            _drop(left, "--hostname")
    return left


def _drop(words: list[str], name: str) -> None:
    while name in words:
        at = words.index(name)
        del words[at : at + 2]


def line(
    host: Host,
    program: str,
    *,
    only: Iterable[str] | None = None,
    without: Iterable[str] = (),
    limits: Limits = DEMO,
    group: Group | None = None,
    change: Iterable[tuple[str, str]] = (),
) -> list[str]:
    """The command line with `only` these layers (None: all), and `without` those; `change` sets options."""
    out = set(without) if only is None else set(LAYERS) - set(only)
    words = taken_out(command(host, limits, group.doors if group else []), sorted(out))
    for name, value in change:
        words[words.index(f"--{name}") + 1] = value
    inner = words.index("-sSP")
    return [*words[: inner + 1], "-c", PRELUDE + textwrap.dedent(program)]


def told(words: Sequence[str], **how: Any) -> Any:
    """What a program said, run to its end."""
    how = {"env": {"PATH": os.defpath}, "stdin": subprocess.DEVNULL, **how}
    ended = subprocess.run(words, capture_output=True, timeout=60, **how)
    assert ended.stdout, f"said nothing, ended with {ended.returncode}: {ended.stderr.decode()[-2000:]}"
    return json.loads(ended.stdout)
