"""Real parts for cases: the course's `props.py` at work in a second jail, unseen by the learner's world.

    props = await c.props()
    wrote = await props.call("send", "SET", "user:1", "Алиса")  # its function `send`, plain data both ways
    node.answers(send_on)  # async def send_on(call): return await props.call("send", *call.args)

They run on the wall's clock. What goes wrong with them is our fault and not the solution's: `PropsFailed`.
"""

from __future__ import annotations

import contextlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from sandbox.judge import wire
from sandbox.judge.patience import Patience
from sandbox.judge.wire import Jail, Line

FILE = "props.py"
STARTING = 15.0  # wall s for a warm jail to import the module
CALL = 10.0  # wall s for one call: a cluster of three nodes forms in two
TOTAL = 60.0  # wall s in a judging, beside the time that the solution has


class PropsFailed(Exception):
    """The real parts did not do their work; the message is for our log, not for the learner."""


class Stage:
    """The real parts of one judging, opened when a case first asks for them.

    `seconds` counts the wall seconds they have taken.
    """

    def __init__(self, text: str, take_jail: Callable[[], AbstractContextManager[Jail]], seed: int) -> None:
        self.text = text
        self.seconds = 0.0
        self._take_jail = take_jail
        self._seed = seed
        self._line: Line | None = None
        self._held = ExitStack()

    def open(self, *, fresh: bool) -> None:
        """Have a jail with the module loaded; `fresh`: one that no case has used. Raises PropsFailed."""
        if fresh:
            self.close()
        if self._line is not None:
            return
        if not self.text:
            raise PropsFailed("the exercise has no props.py")
        with self._counted():
            jail = self._held.enter_context(self._take_jail())
            self._line = Line(jail)
            start = {"op": "start", "mode": "props", "files": {FILE: self.text}, "seed": self._seed}
            told = self._exchange(start, STARTING)
            if told.get("ready") is not True:
                raise PropsFailed(str(told.get("error")))

    def call(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """What the module's function gives. Raises PropsFailed; the parts are then taken down."""
        if self._line is None:
            raise PropsFailed("the parts have failed before")
        with self._counted():
            number = secrets.token_hex(8)
            told = self._exchange({"id": number, "name": name, "args": args, "kwargs": kwargs}, CALL)
            if told.get("id") != number or "value" not in told:
                raise PropsFailed(f"{name}: {told.get('error')}")
            return wire.unpack(told["value"])

    def close(self) -> None:
        """Take them down: every process of their jail ends."""
        self._line = None
        held, self._held = self._held, ExitStack()
        held.close()

    def _exchange(self, message: dict[str, Any], limit: float) -> dict[str, Any]:
        assert self._line is not None
        patience = Patience(min(limit, TOTAL - self.seconds))
        self._line.send(message, patience)
        return self._line.receive(patience)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        except Exception as error:
            self.close()
            if isinstance(error, PropsFailed):
                raise
            raise PropsFailed(f"{type(error).__name__}: {error}") from error
        finally:
            self.seconds += time.monotonic() - began


class Props:
    """What a case holds of them."""

    def __init__(self, stage: Stage, pack: Callable[[Any], Any], waited: Callable[[float], None]) -> None:
        self._stage = stage
        self._pack = pack
        self._waited = waited

    async def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call its function `name` with plain data, and wait for what it gives. Raises PropsFailed."""
        before = self._stage.seconds
        try:
            packed = {key: self._pack(item) for key, item in kwargs.items()}
            return self._stage.call(name, [self._pack(item) for item in args], packed)
        finally:
            self._waited(self._stage.seconds - before)
