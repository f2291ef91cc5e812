"""`lab`: what a scenario holds in its hands: the clock, the log, the controls, chance."""

from __future__ import annotations

import asyncio
import inspect
import random
from collections.abc import Callable, Coroutine
from typing import Any

from sandbox.guest.stage import Stage, Value
from sandbox.guest.wire import flaw

OWN_KINDS = frozenset({"run.started", "run.ended", "control.set", "out", "problem", "limit"})


class Lab:
    """Given to `scenario(lab)`. Times are scenario seconds."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self.random = random.Random(seed)
        self.tasks: set[asyncio.Task[Any]] = set()
        self._stage = stage

    @property
    def now(self) -> float:
        """Scenario seconds since the start, as the log writes them."""
        return self._stage.now()

    def emit(self, kind: str, **fields: Any) -> None:
        """Write one event. Fields are numbers, strings, True, False, None or short lists of them.

        Raises ValueError when the kind is not the scenario's to use or a field cannot be written.
        """
        if kind in OWN_KINDS:
            raise ValueError(f"события «{kind}» пишет сама площадка: назовите своё иначе")
        for name, value in fields.items():
            if name in {"seq", "t", "kind"}:
                raise ValueError(f"поле «{name}» есть у каждого события: назовите своё иначе")
            if text := flaw(name, value):
                raise ValueError(text)
        self._stage.outbox.write({"t": self._stage.now(), "kind": kind, **fields})

    def control(self, name: str) -> Any:
        """The value of a control now. Raises KeyError when the demo declares none of that name."""
        try:
            return self._stage.values[name]
        except KeyError:
            known = ", ".join(sorted(self._stage.values)) or "нет ни одного"
            raise KeyError(f"нет переключателя «{name}»; есть: {known}") from None

    def set(self, name: str, value: Value) -> None:
        """Move a control as the reader would: the log and the panel show it, its listeners are called.

        Nothing happens once the reader, or a fork's script, has touched that control: the story leaves it.
        Raises KeyError when the demo declares none of that name, ValueError when it cannot hold the value.
        """
        if name in self._stage.values or name not in self._stage.listeners:  # a button has no value at first
            now = self.control(name)
            if any(isinstance(now, kind) != isinstance(value, kind) for kind in (bool, str)):
                raise ValueError(f"«{name}» стоит на {now!r} и не может стать {value!r}")
        if text := flaw(name, value):
            raise ValueError(text)
        self._stage.move(name, value)

    def on_control(self, name: str, callback: Callable[[Value], object]) -> Callable[[], None]:
        """Call `callback(value)` whenever the control changes; a coroutine it returns is run.

        Returns its undoing.
        """

        def heard(value: Value) -> None:
            result = callback(value)
            if inspect.iscoroutine(result):
                self.spawn(result)

        listeners = self._stage.listeners.setdefault(name, [])
        listeners.append(heard)
        return lambda: listeners.remove(heard)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run a coroutine beside the scenario. Its exception ends the run; the run lasts while it does."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self.tasks.add(task)
        self._stage.on_spawn(task)
        return task
