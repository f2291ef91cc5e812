"""One jail: nsjail around one interpreter, two pipes, and the certainty that it ends.

Confinement is nsjail's: namespaces of its own (user, PID, mount, network, IPC, UTS, cgroup), a read-only
root with nothing of the host's, no capabilities, no new privileges, a seccomp allow-list, limits. As root
each jail also has a uid that no other jail ever had, and a cgroup of ours; as an ordinary user, rlimits bound
each process.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import select
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from typing import Any, Literal

from sandbox import cgroups
from sandbox.guest.rehearsal import ENVIRONMENT
from sandbox.host import Host
from sandbox.limits import MIB, Limits
from sandbox.processes import Usage, descendants, used_by
from sandbox.root import GUEST, LIBRARIES, PACKAGES, PYTHON

INSIDE = 65534  # uid and gid a learner sees
SEND_WITHIN = 5.0  # s a jail may take to make room for a control message
DIE_WITHIN = 2.0  # s after SIGTERM until everything is killed by hand
NICE = 5  # learners' code yields to the site's
AS_WITH_CGROUP = 1024 * MIB  # address space where a cgroup bounds memory: stops only absurd requests
AS_BEYOND_MEMORY = 96 * MIB  # address space the idle interpreter maps
PIPE = 256 * 1024  # bytes of events the kernel holds while the worker is busy
TAIL = 4000  # characters of diagnostics kept

Kind = Literal["exited", "out_of_memory", "killed", "broken"]


class JailFailed(Exception):
    """A jail could not be started; the message holds nsjail's own words."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a jail ended.

    `exited`: its main process ended by itself (`exit_code`; 128 + n for signal n) · `out_of_memory`: the
    kernel killed a process of it for memory · `killed`: we stopped it · `broken`: it never got ready, or died
    in a way that is not the learner's. `peak_memory` in bytes, `cpu_seconds` over all its processes; `stderr`
    is nsjail's and process 1's, never the learner's.
    """

    kind: Kind
    exit_code: int | None
    peak_memory: int
    cpu_seconds: float
    stderr: str


class Jail:
    """A started jail. `control` (write) and `events` (read) are non-blocking descriptors."""

    def __init__(self, host: Host, limits: Limits) -> None:
        """Start it; returns at once, `wait_ready` says when it is warm. Raises JailFailed.

        Call it from a thread that lives as long as the worker: the kernel ends the jail with that thread.
        """
        self.limits = limits
        self._lock = threading.RLock()
        self._ready = False
        self._stopped = False
        self._status: int | None = None
        self._spent: cgroups.Spent | None = None
        self._stderr = b""
        self._group: cgroups.Group | None = None
        self.doors: list[str] = []  # the files of its cgroups, for those who look
        control_in, self.control = os.pipe()
        self.events, events_out = os.pipe()
        self._errors, errors_out = os.pipe()
        for fd in (self.control, self.events, self._errors):
            os.set_blocking(fd, False)
        with contextlib.suppress(OSError):  # an ordinary user's share of pipe pages may be spent
            fcntl.fcntl(self.events, fcntl.F_SETPIPE_SZ, PIPE)
        try:
            self._group = host.cgroups.make(limits) if host.cgroups else None
            self.doors = self._group.doors if self._group else []
            self._process = subprocess.Popen(
                command(host, limits, self.doors),
                stdin=control_in,
                stdout=events_out,
                stderr=errors_out,
                env={"PATH": os.defpath},
                start_new_session=True,  # a Ctrl-C in the worker's terminal is the worker's to handle
            )
        except OSError as error:
            for fd in (self.control, self.events, self._errors):
                os.close(fd)
            if self._group:
                self._group.remove()
            raise JailFailed(f"nsjail не запустился: {error}") from error
        finally:
            for fd in (control_in, events_out, errors_out):
                os.close(fd)
        self._pidfd = os.pidfd_open(self._process.pid)

    @property
    def process(self) -> int:
        """nsjail's process number."""
        return self._process.pid

    def wait_ready(self, timeout: float | None = None) -> None:
        """Wait until the start message can be sent, `timeout` seconds at most (default: the limits' warm-up).

        Raises JailFailed when it does not come; the jail is then stopped.
        """
        if self._ready:
            return
        until = time.monotonic() + (self.limits.warm_up if timeout is None else timeout)
        while (left := until - time.monotonic()) > 0:
            if not _wait(self.events, select.POLLIN, left):
                continue
            if self.take_ready():
                return
            break
        self.stop()
        raise JailFailed(self.diagnosis())

    def take_ready(self) -> bool:
        """Consume the mark of readiness once `events` is readable; False when the jail has died instead."""
        with contextlib.suppress(BlockingIOError):
            self._ready = self._ready or os.read(self.events, 1) == b"\n"
        return self._ready

    def send(self, message: dict[str, Any]) -> None:
        """Write one control message whole. Raises BrokenPipeError, TimeoutError when it does not read."""
        rest = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        until = time.monotonic() + SEND_WITHIN
        while rest:
            try:
                rest = rest[os.write(self.control, rest) :]
            except BlockingIOError:
                left = until - time.monotonic()
                if left <= 0 or not _wait(self.control, select.POLLOUT, left):
                    raise TimeoutError("the jail does not read its control pipe") from None

    def alive(self) -> bool:
        """Whether it still runs."""
        with self._lock:
            return not self._reap(0)

    def usage(self) -> Usage:
        """What it uses now; the last known figures once it has ended."""
        with self._lock:
            if self._group and not self._spent:
                spent = self._group.spent()
                return Usage(spent.memory, spent.cpu_seconds, spent.out_of_memory)
            if self._spent:
                return Usage(self._spent.memory, self._spent.cpu_seconds, self._spent.out_of_memory)
        return used_by(descendants(self._process.pid))

    def kill(self) -> None:
        """End every process of the jail and wait for it. What it said can still be read."""
        with self._lock:
            if self._status is None:
                self._stopped = not self._reap(0)
            if self._status is None:
                self._end()
            self._settle()

    def stop(self) -> None:
        """End every process of the jail, wait for it and close the descriptors. Safe to call again."""
        with self._lock:
            self.kill()
            for name in ("control", "events", "_errors", "_pidfd"):
                fd = getattr(self, name)
                if fd >= 0:
                    setattr(self, name, -1)
                    os.close(fd)

    def outcome(self) -> Outcome:
        """How it ended. Waits a second for a jail that is just ending, then kills it."""
        with self._lock:
            if self._status is None and not self._reap(1000):
                self.kill()
            self._settle()
            status, spent = self._status, self._spent
        assert status is not None
        assert spent is not None
        code = os.waitstatus_to_exitcode(status)
        kind: Kind = "exited"
        if spent.out_of_memory:
            kind = "out_of_memory"
        elif not self._ready:
            kind = "broken"
        elif self._stopped:
            kind = "killed"
        elif code < 0:  # somebody killed nsjail itself
            kind = "broken"
        tail = self._stderr.decode("utf-8", "replace")[-TAIL:]
        return Outcome(kind, code if code >= 0 else None, spent.peak_memory, spent.cpu_seconds, tail)

    def __enter__(self) -> Jail:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self) -> None:
        """SIGTERM lets nsjail take its processes down; what is left after that is killed by hand."""
        os.kill(self._process.pid, signal.SIGTERM)
        if self._reap(int(DIE_WITHIN * 1000)):
            return
        inside = descendants(self._process.pid)
        if self._group:
            self._group.kill()
        for process in [*inside, self._process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._reap(-1)

    def _reap(self, milliseconds: int) -> bool:
        """Whether nsjail has ended, waiting so long (-1: without bound). Keeps its status and usage."""
        if self._status is not None:
            return True
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        if not poll.poll(milliseconds):
            return False
        _, self._status, used = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(self._status)
        # nsjail reaped process 1, which reaped the rest: the sums are the whole jail's.
        self._spent = cgroups.Spent(0, used.ru_maxrss * 1024, used.ru_utime + used.ru_stime, False)
        return True

    def _settle(self) -> None:
        """After the end: read the group's last figures and what was said, remove the group."""
        if self._group:
            if self._group.processes():  # nsjail itself was killed, for memory or by hand
                self._group.kill()
            peak = self._spent.peak_memory if self._spent else 0
            spent = self._group.spent()
            self._spent = replace(spent, peak_memory=spent.peak_memory or peak)  # old kernels keep no peak
            self._group.remove()
            self._group = None
        while self._errors >= 0:
            try:
                chunk = os.read(self._errors, 65536)
            except BlockingIOError:
                break
            if not chunk:
                break
            self._stderr = (self._stderr + chunk)[-TAIL * 4 :]

    def diagnosis(self) -> str:
        """Why it did not get ready, in nsjail's own words."""
        said = self._stderr.decode("utf-8", "replace").strip()[-TAIL:]
        return f"песочница не запустилась: {said or 'nsjail ничего не сообщил'}"


def command(host: Host, limits: Limits, doors: list[str]) -> list[str]:
    """The whole command line: enter the cgroup, tie to the worker's life, nsjail, the interpreter."""
    words = []
    if doors:
        enter = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done; shift; exec "$@"'
        words += ["/bin/sh", "-c", enter, "sh", *doors, "--"]
    if host.setpriv:
        words += [host.setpriv, "--pdeathsig", "TERM"]
    # 2^31 uids lie above what containers and services use: a fresh one for each jail, never used twice.
    outside = f":{host.fresh_uid()}:1" if host.is_root else ""
    address_space = AS_WITH_CGROUP if doors else limits.memory + AS_BEYOND_MEMORY
    options: dict[str, object] = {
        "user": f"{INSIDE}{outside}",
        "group": f"{INSIDE}{outside}",
        "chroot": host.root,
        "cwd": "/tmp",  # noqa: S108 - the jail's own tmpfs
        "hostname": "poligon",
        "time_limit": 0,  # it would count warm idle time: the worker owns the clock
        "nice_level": NICE,
        "seccomp_policy": host.policy,
        "mount": f"none:/tmp:tmpfs:size={limits.disk},nr_inodes={limits.disk_nodes},mode=0700",
        "rlimit_as": address_space // MIB,
        "rlimit_cpu": math.ceil(limits.cpu) + 5,
        "rlimit_fsize": limits.file_size // MIB,
        "rlimit_nofile": limits.open_files,
        "rlimit_nproc": limits.processes,
        "rlimit_core": 0,
        "rlimit_memlock": 64,
        "rlimit_msgqueue": 0,
    }
    words += [str(host.nsjail), "-Mo", "-q", "--disable_proc"]
    for name, value in options.items():
        words += [f"--{name}", str(value)]
    for device in ("null", "zero", "random", "urandom"):
        words += ["--bindmount_ro", f"/dev/{device}"]
    for name, value in environment().items():
        words += ["--env", f"{name}={value}"]
    entry = f"from sandbox.guest.init import main; main(worlds={limits.worlds})"
    return [*words, "--", PYTHON, "-sSP", "-c", entry]


def environment() -> dict[str, str]:
    """All that the jailed interpreter finds in its environment."""
    return {
        **ENVIRONMENT,
        "HOME": "/tmp",  # noqa: S108 - the jail's own tmpfs
        "PATH": "/usr/local/bin",
        "LD_LIBRARY_PATH": LIBRARIES,
        "PYTHONPATH": f"{GUEST}:{PACKAGES}",
        "MALLOC_ARENA_MAX": "2",  # or 64 MiB of address space for each thread
    }


def _wait(fd: int, mask: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(fd, mask)
    return bool(poll.poll(math.ceil(seconds * 1000)))
