"""Process 1 of a jail: trusted, tiny. Forks the learner's process, reaps, and takes everything down with it.

Process 1's end is the end of every process of its PID namespace, so nothing a learner starts outlives
it: not a daemon that forked twice, not one that holds a pipe. It ends when the learner's process ends,
or when the control pipe closes, which the kernel does for a worker that died.
"""

from __future__ import annotations

import fcntl
import gc
import os
import resource
import select
import signal
import sys
from pathlib import Path

# Signals queued and timers of the whole jail. The kernel counts them against whoever has made the jail, too:
# a worker of root, and every other program of root's, would be left without any.
SIGNALS = 64
READY = b"\n"  # the one byte on the event pipe before any event: warm, send the start message


def main(*, worlds: bool = False) -> None:
    """Entered with fd 0 the control pipe, 1 the event pipe, 2 the diagnostics of this process alone."""
    resource.setrlimit(resource.RLIMIT_SIGPENDING, (SIGNALS, SIGNALS))  # nsjail has no option for it
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    control = fcntl.fcntl(0, fcntl.F_DUPFD_CLOEXEC, 3)
    events = fcntl.fcntl(1, fcntl.F_DUPFD_CLOEXEC, 3)
    os.dup2(null, 0)
    os.dup2(null, 1)
    folder = Path.cwd()
    _warm(folder, worlds)
    wake = _hear_children()
    child = os.fork()
    if child == 0:
        _become_learner(control, events, folder, wake, null)
    os.close(events)
    os._exit(_watch(child, control, wake[0]))


def _warm(folder: Path, worlds: bool) -> None:
    """Import all that a run needs, and keep the collector from touching (and so copying) it in the child."""
    from sandbox.guest import tls

    with tls.postponed():
        from sandbox.guest import runner

        runner.warm(folder, worlds=worlds)
    gc.collect()
    gc.freeze()


def _hear_children() -> tuple[int, int]:
    """A pipe that becomes readable when a child has ended."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    # No handler, no way in: the kernel drops signals to process 1 that it does not handle.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    return read, write


def _become_learner(control: int, events: int, folder: Path, wake: tuple[int, int], null: int) -> None:
    from sandbox.guest import runner

    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(null, 2)
        for fd in (*wake, null):
            os.close(fd)
        os.write(events, READY)
        runner.serve(control, events, folder)
    finally:
        os._exit(0 if sys.exc_info()[0] is None else 1)


def _watch(child: int, control: int, wake: int) -> int:
    """Reap until the learner's process ends: its exit code, 128 + n for signal n. 0: the worker let go."""
    poll = select.poll()
    poll.register(control, 0)  # nothing but the hang-up: the lines are the learner's process's to read
    poll.register(wake, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == control:
                return 0
            os.read(wake, 4096)
        try:
            while (ended := os.waitpid(-1, os.WNOHANG))[0]:
                if ended[0] == child:
                    code = os.waitstatus_to_exitcode(ended[1])
                    return code if code >= 0 else 128 - code
        except ChildProcessError:
            return 1


if __name__ == "__main__":
    main()
