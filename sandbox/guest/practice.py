"""Ordinary lives of a world, lived by a judge's jail while it gets warm, with nothing of a learner's.

Python 3.11 rewrites the code it runs often, and its caches, in place. A world is a fork: what was not run
before the fork each world would warm up for itself, and the kernel would copy each page that it writes to.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import types
from typing import Any

from sandbox.guest.calls import World

LIVES = 4  # code is rewritten at its eighth run, and a life goes through most of it at least twice
SOURCE = """
from __future__ import annotations
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

class Refused(Exception):
    def __init__(self, name: str, left: float) -> None:
        super().__init__(f"{name!r} is shut, {left:.2f} s to go")
        self.name, self.left = name, left

@dataclass
class Settings:
    limit: float = 1.0
    known: list[Any] = field(default_factory=list)

class Guard:
    def __init__(self, name: str, limit: float, *, listeners: Any = ()) -> None:
        if limit <= 0:
            raise ValueError(f"limit must be positive, not {limit}")
        self.name, self.settings, self.listeners = name, Settings(limit), tuple(listeners)
        self.failures, self.opened, self.lock = 0, 0.0, asyncio.Lock()

    @property
    def state(self) -> str:
        return "open" if self.failures > 1 else "closed"

    async def call(self, func: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        now = asyncio.get_running_loop().time()
        if self.state == "open":
            raise Refused(self.name, self.opened + self.settings.limit - now)
        async with self.lock:
            pass
        try:
            return await func(*args)
        except Exception:
            self.failures += 1
            self.opened = now
            for listener in self.listeners:
                listener(self.name, "closed", self.state)
            raise
"""
CODE = compile(SOURCE, "practice.py", "exec", dont_inherit=True)


class Over(BaseException):
    """The practised life has ended; the process lives on."""


class Practised(World):
    def leave(self) -> None:
        raise Over


def _call(task: int, on: int, name: str, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return {
        "id": str(task),
        "op": "call",
        "task": task,
        "on": on,
        "name": name,
        "args": args,
        "kwargs": kwargs,
    }


def _script() -> bytes:
    """What a judge would write, its answers to the stubs' calls where they fall."""
    stub = {"$stub": {"name": "service", "sync": False}}
    heard = {"$stub": {"name": "heard", "sync": True}}
    wait = {"id": "wait", "op": "wait", "until": 1000.0}
    failed = {"type": "Broken", "args": ["broken"]}
    new = _call(1, 0, "Guard", "orders", limit=5.0, listeners={"$tuple": [heard]})
    define = {"op": "define", "name": "Broken", "base": "Exception"}
    watch = {"op": "watch", "on": 1, "names": ["state", "failures"]}
    lines: list[dict[str, Any]] = [
        {"op": "world", "id": "world", "seed": 1, "then": new | {"first": [define]}},
        {"id": "a", "op": "advance", "until": 0.5, "first": [watch]},
        _call(2, 1, "call", stub, 1) | {"then": wait | {"task": 2}},
        {"n": 1, "delay": 0.75, "value": 7},
        _call(3, 1, "call", stub, 2),
        {"n": 2, "delay": 0.75, "raise": failed},
        {"id": "b", "op": "advance", "until": 3.0},
        {"n": 3, "delay": 0.0, "value": None},
        _call(4, 1, "call", stub, 3) | {"then": wait | {"task": 4}},
        {"n": 4, "delay": 0.25, "raise": failed},
        {"n": 5, "delay": 0.0, "value": None},
        _call(5, 1, "call", stub, 4),
        {"id": "c", "op": "look", "on": 1, "names": ["state", "name"]},
        {"id": "d", "op": "end"},
    ]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


SCRIPT = _script()


def practise() -> list[str]:
    """Live so often through `SCRIPT`; the answers of each life. Leaves nothing behind but warm code."""
    state = random.getstate()
    try:
        return [_live() for _ in range(LIVES)]
    finally:
        random.setstate(state)


def _live() -> str:
    control, answers = io.BytesIO(SCRIPT), io.BytesIO()
    world = Practised(control, answers)
    world.objects[0] = types.ModuleType(__name__)  # a name by which `dataclass` finds a module
    with contextlib.suppress(Over):
        world.live(CODE, json.loads(control.readline()))
    world.loop.close()
    return answers.getvalue().decode()
