"""Decides, outside the learner's process, whether a solution works.

The learner's module answers calls in a jail (`sandbox.guest.calls`); the cases run here, in the worker, and
compare what came back as plain data. Exit codes, printed text and anything unasked mean nothing.
"""

from __future__ import annotations

from sandbox.judge.case import Case, Task
from sandbox.judge.grading import run
from sandbox.judge.spec import Failed, case
from sandbox.judge.stubs import Call, ExceptionName, Handle, Raise, Stub
from sandbox.judge.wire import Thing
from sandbox.judge.words import seconds, show, times
from sandbox.judge.world import Outcome

__all__ = [
    "Call",
    "Case",
    "ExceptionName",
    "Failed",
    "Handle",
    "Outcome",
    "Raise",
    "Stub",
    "Task",
    "Thing",
    "case",
    "run",
    "seconds",
    "show",
    "times",
]
