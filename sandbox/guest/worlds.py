"""Makes the worlds in which `calls` answers: children of a process that never runs the learner's code."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` makes enums of masks, in each world
import contextlib
import gc
import json
import os
import signal
import sys
import types
from collections.abc import Callable
from typing import Any, BinaryIO

from sandbox.guest.calls import DONE, ENDS, FILE, LINE, OVER, READ, World, write
from sandbox.guest.problems import TOO_DEEP


def serve(control_in: BinaryIO, event_out: BinaryIO, start: dict[str, Any]) -> None:
    """Say whether the file compiles, then make worlds until the control pipe closes."""
    try:
        # An editor's byte order mark is no part of the text: importlib, by which demos run, drops it too.
        code = compile(start["files"][FILE].removeprefix("\ufeff"), FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        deep = isinstance(error, RecursionError | MemoryError)  # no words of its own, or no plain ones
        problem = {
            "message": TOO_DEEP if deep else str(getattr(error, "msg", None) or error)[:300],
            "line": getattr(error, "lineno", None) or 0,
            "text": str(getattr(error, "text", None) or "").strip()[:200],
        }
        write(event_out, {"loaded": False, "problem": problem})
        return
    write(event_out, {"loaded": True})
    fork = bare_fork()
    world = World(control_in, event_out)
    world.prepare()
    gc.freeze()  # what the worlds inherit is not for their collectors to touch, and so to copy
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
    spare = Spare(fork, world, code)
    ending: int | None = None  # the world before, whose memory the kernel is still taking apart
    while line := control_in.readline():
        request = json.loads(line)
        if request.get("op") != "world":
            continue  # meant for a world that has just died: the judge has been told, or is about to be
        while (child := spare.start(line)) is None:  # someone has killed it
            spare = Spare(fork, world, code)
        spare = Spare(fork, world, code)  # made while the world lives: the next need not wait
        if ending:
            os.waitpid(ending, 0)
        status = ended(child)
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        ending = child if status is None else None
        write(event_out, {"world": request["id"], "exit": os.waitstatus_to_exitcode(status or 0)})


def ended(child: int) -> int | None:
    """Wait until a world is over: its status, or None when it says so itself and has yet to be reaped.

    Its word is enough, as it is killed at once: a process of this size takes 1 ms to be taken apart.
    """
    while True:
        heard = signal.sigwaitinfo(ENDS)
        if heard.si_signo == OVER and heard.si_pid == child:
            return None
        dead, status = os.waitpid(child, os.WNOHANG)
        if dead:
            return status


def bare_fork() -> Callable[[], int]:
    """`os.fork` without what Python runs around it in parent and child: new locks for threads, of which there
    are none here, and a new seed for `random`, which each world gets from the judge. It took 0.6 ms a world.
    """
    folders, sys.path = sys.path, [folder for folder in sys.path if folder != os.getcwd()]
    try:  # here, as the jails of demos do without its megabyte; and not from the learner's folder
        import ctypes
    finally:
        sys.path = folders
    libc = ctypes.PyDLL(None, use_errno=True)

    def fork() -> int:
        process: int = libc.fork()
        if process < 0:
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return process

    return fork


class Spare:
    """A forked child that waits to become a world; no code of the learner has run in it or its parent."""

    def __init__(self, fork: Callable[[], int], world: World, code: types.CodeType) -> None:
        read, self.door = os.pipe()
        self.process = fork()
        if self.process:
            os.close(read)
            return
        status = 1
        try:
            os.close(self.door)
            os.setpgid(0, 0)
            _signal.pthread_sigmask(_signal.SIG_UNBLOCK, ENDS)
            request = os.read(read, LINE)
            if request:
                os.close(read)
                world.live(code, READ(request.decode())[0])
                status = DONE
        finally:
            os._exit(status)

    def start(self, request: bytes) -> int | None:
        """Let it be the world of `request`; its process, or None when it is gone."""
        try:
            os.write(self.door, request)
        except BrokenPipeError:
            os.waitpid(self.process, 0)
            return None
        finally:
            os.close(self.door)
        return self.process
