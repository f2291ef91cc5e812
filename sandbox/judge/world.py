"""One world in a jail: the conversation in which a case drives the learner's module.

The judge keeps its own clock and believes the jail's only within bounds; whatever is out of turn,
out of order or out of shape ends the world with words for the learner.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sandbox.judge import wire
from sandbox.judge.patience import Patience
from sandbox.judge.wire import Breach, Gone, Jail, Late, Line, Refused, Thing
from sandbox.judge.words import clean
from sandbox.limits import EXCHANGE

SKEW = 1e-6  # s: how far the two clocks may differ by rounding
CRASH = -11  # SIGSEGV


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call of the learner's code: a value, or an exception as data."""

    value: Any = None
    error: str | None = None  # name of the exception's type
    message: str = ""
    mro: tuple[str, ...] = ()
    attrs: dict[str, Any] = field(default_factory=dict)
    source: int | None = None  # number of the stub's call whose very exception object this is
    line: int = 0  # of the learner's file; 0 when the exception was not born there
    at: float = 0.0  # virtual second of the end

    @property
    def ok(self) -> bool:
        return self.error is None

    def is_a(self, name: str) -> bool:
        """Whether it is an exception of that class or of one derived from it."""
        return name in self.mro


@dataclass(frozen=True, slots=True)
class Reply:
    """What a stub does about one call: wait `delay` virtual seconds (None: for ever), then answer."""

    delay: float | None = 0.0
    value: Any = None  # packed
    error: tuple[str, tuple[Any, ...]] | None = None  # class and arguments


@dataclass(frozen=True, slots=True)
class Asked:
    """A call of a stub: `n` counts them over the whole world."""

    n: int
    stub: str
    args: list[Any]
    kwargs: dict[str, Any]
    at: float


class Unloaded(Exception):
    """The module could not be imported: `why` is its exception, or the breach that it was."""

    def __init__(self, why: Outcome | Breach) -> None:
        super().__init__(str(why))
        self.why = why


class Shop:
    """A jail that has loaded one submission and opens worlds, one after another.

    `problem` is the compile error as data when the file does not even compile, else None.
    """

    def __init__(
        self, jail: Jail, files: dict[str, str], seed: int, patience: Patience, preload: Sequence[str] = ()
    ) -> None:
        self.jail = jail
        self.line = Line(jail)
        start = {"op": "start", "mode": "calls", "files": files, "seed": seed, "preload": preload}
        self.line.send(start, patience)
        told = self.line.receive(patience)
        self.problem: dict[str, Any] | None = None
        if told.get("loaded") is not True:
            self.problem = told.get("problem") if type(told.get("problem")) is dict else {}

    def open(self, seed: int, patience: Patience) -> World:
        """A world to be; it begins with the first thing asked of it."""
        return World(self.line, seed, patience)


class World:
    """Asks and is asked. `now` is virtual seconds; `patience` is how long it waits for an answer.

    `on_ask` answers the stubs' calls, `on_note` hears how they ended.
    """

    def __init__(self, line: Line, seed: int, patience: Patience) -> None:
        self.line = line
        self.patience = patience
        self.now = 0.0
        self.ended: dict[int, Outcome] = {}
        self.asks = 0
        self.printed = ""
        self.watched: list[Any] = []
        self.on_ask: Callable[[Asked], Reply] = lambda asked: Reply()
        self.on_note: Callable[[int, float, bool], None] = lambda n, at, done: None
        self.name = secrets.token_hex(16)
        self._seed = seed
        self._begun = False
        self._owed = False  # a stub's call is being answered; when the case fails over that, it never will be
        # A wait that the jail was already told of: its name, its horizon, and the task it waits for.
        self._ahead: tuple[str, float, int] | None = None

    def begin(self) -> None:
        """Let the module be imported, unless it was. Raises Unloaded when that fails."""
        if not self._begun:
            self._open({})

    def ask(
        self,
        op: str,
        *,
        horizon: float | None = None,
        then: tuple[dict[str, Any], float] | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """One request and its answer. `horizon` bounds the virtual clock (None: it must not move).

        `then` is a request that the jail goes on to by itself, with its horizon: the next thing to do here
        must be `ask_ahead`, which gives its answer.
        """
        if self._ahead is not None:
            raise RuntimeError("a case asks while what it has asked ahead is not answered")
        self._uninterrupted()
        name = secrets.token_hex(16)
        request = {"id": name, "op": op, **fields}
        if then is not None:
            self._ahead = secrets.token_hex(16), then[1], then[0]["task"]
            request["then"] = {"id": self._ahead[0], **then[0]}
        if self._begun:
            self.line.send(request, self.patience)
        else:
            self._open({"then": request})
        return self._answer_to(name, self.now if horizon is None else horizon)

    def _uninterrupted(self) -> None:
        if self._owed:
            raise Breach("случай кончился посреди вызова сервиса")

    def forget_ahead(self) -> None:
        """The jail, too, knows that there is nothing left to be done of it."""
        self._ahead = None

    def ask_ahead(self) -> dict[str, Any]:
        """The answer to what the last request brought along."""
        assert self._ahead is not None
        (name, horizon, _), self._ahead = self._ahead, None
        return self._answer_to(name, horizon)

    def _open(self, more: dict[str, Any]) -> None:
        self._begun = True
        try:
            self.line.send({"id": self.name, "op": "world", "seed": self._seed, **more}, self.patience)
            answer = self._answer_to(self.name, 0.0)
            imported = outcome_of(answer.get("outcome"), 0.0)
        except Breach as breach:
            self.forget_ahead()
            raise Unloaded(breach) from breach
        if not imported.ok:
            self.forget_ahead()
            raise Unloaded(imported)

    def _answer_to(self, request: str, limit: float) -> dict[str, Any]:
        while True:
            message = self.line.receive(self.patience)
            if "ask" in message:
                self.answer(message, request, limit)
            elif message.get("id") == request:
                break
            elif message.get("world") == self.name:
                raise Gone(ended(message.get("exit")))
            else:
                raise Breach("решение написало в канал проверки лишнее: ответ, о котором его не спрашивали")
        if "unsendable" in message:
            self.forget_ahead()
            raise Refused(clean(str(message["unsendable"])[:200]))
        self.hear(message, limit)
        self.clock(message, limit)
        self.gather(message)
        return message

    def clock(self, message: dict[str, Any], limit: float) -> None:
        """Take over the jail's time if it is possible at all."""
        t = message.get("t")
        if not isinstance(t, int | float) or isinstance(t, bool) or t < self.now - SKEW:
            raise Breach("часы решения пошли назад")
        if t > limit + SKEW:
            raise Breach(
                "часы решения ушли дальше, чем им разрешено: похоже, цикл событий заблокирован (time.sleep?)"
            )
        self.now = max(self.now, float(t))

    def gather(self, message: dict[str, Any]) -> None:
        """The tasks that have ended, and what was printed."""
        try:
            for number, at, outcome in message.get("ended", []):
                if type(number) is not int or number in self.ended or type(at) not in (int, float):
                    raise ValueError(number)
                if self._ahead is not None and number == self._ahead[2]:
                    self.forget_ahead()
                self.ended[number] = outcome_of(outcome, float(at))
        except (ValueError, TypeError) as error:
            raise Breach("ответ решения не разобрать: канал проверки испорчен") from error
        if "watched" in message:
            self.watched = values_of(message["watched"], self.now)
        out = message.get("out")
        if type(out) is str:
            self.printed = out

    def answer(self, message: dict[str, Any], request: str, limit: float) -> None:
        """Let the stub's owner answer one call."""
        self.asks += 1
        n, args, kwargs = message.get("n"), message.get("args"), message.get("kwargs")
        if message["ask"] != request or n != self.asks or type(args) is not list or type(kwargs) is not dict:
            raise Breach("решение написало в канал проверки лишнее: вызов, которого не было")
        if self.asks > EXCHANGE.asks:
            raise Breach(f"решение вызвало сервис больше {EXCHANGE.asks} раз и не останавливается")
        self.hear(message, limit)
        self.clock(message, limit)
        known = [wire.unpack(item) for item in args]
        named = {key: wire.unpack(item) for key, item in kwargs.items()}
        self._owed = True
        reply = self.on_ask(Asked(n, str(message.get("stub")), known, named, self.now))
        self._owed = False
        data: dict[str, Any] = {"n": n, "delay": reply.delay}
        if reply.error is not None:
            data["raise"] = {"type": reply.error[0], "args": list(reply.error[1])}
        else:
            data["value"] = reply.value
        self.line.send(data, self.patience)

    def hear(self, message: dict[str, Any], limit: float) -> None:
        """How calls of stubs have ended since the last line."""
        if "notes" not in message:
            return
        try:
            notes = [(wire.field(n, int), t, how == "done") for n, t, how in message["notes"]]
        except (ValueError, TypeError) as error:
            raise Breach("ответ решения не разобрать: канал проверки испорчен") from error
        for n, t, done in notes:
            self.clock({"t": t}, limit)
            self.on_note(n, self.now, done)

    def close(self) -> None:
        """End the world and see that it ended. Raises Breach when the jail is not to be used again."""
        if not self._begun:
            return
        self._uninterrupted()
        if self._ahead is not None:  # the case has failed before it asked for this answer
            self.on_ask, self.on_note = lambda asked: Reply(), lambda n, at, done: None
            with contextlib.suppress(Refused):
                self.ask_ahead()
        self.line.send({"id": secrets.token_hex(16), "op": "end"}, self.patience)
        message = self.line.receive(self.patience)
        if message.get("world") != self.name:
            raise Breach("решение написало в канал проверки лишнее: ответ, о котором его не спрашивали")


def values_of(data: Any, at: float) -> list[Any]:
    """Attributes as they were read; one that could not be is a `Thing` named after its error."""
    if type(data) is not list:
        raise Breach("ответ решения не разобрать: канал проверки испорчен")
    outcomes = [outcome_of(item, at) for item in data]
    return [got.value if got.ok else Thing(got.error or "", got.message) for got in outcomes]


def outcome_of(data: Any, at: float) -> Outcome:
    """An outcome from the wire. Raises Breach."""
    try:
        if "unsendable" in data:
            raise Refused(clean(wire.field(data["unsendable"], str)[:200]))
        if "error" not in data:
            return Outcome(value=wire.unpack(data["value"]), at=at)
        error = wire.field(data["error"], dict)
        source = error["source"]
        return Outcome(
            error=wire.field(error["type"], str),
            message=wire.field(error["message"], str),
            mro=tuple(wire.field(name, str) for name in wire.field(error["mro"], list)),
            attrs={name: wire.unpack(value) for name, value in wire.field(error["attrs"], dict).items()},
            source=None if source is None else wire.field(source, int),
            line=wire.field(error["line"], int),
            at=at,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise Breach("ответ решения не разобрать: канал проверки испорчен") from error


def ended(code: Any) -> str:
    """Why a world's process ended, for the learner."""
    if code == -9:
        return "процесс решения убит: скорее всего, ему не хватило памяти"
    if code == CRASH:
        return "процесс решения упал (ошибка доступа к памяти)"
    if type(code) is not int:
        return "процесс решения завершился"
    if code < 0:
        return f"процесс решения убит сигналом {-code}"
    return (
        f"решение само завершило свой процесс (код {code})"
        if type(code) is int
        else "процесс решения завершился"
    )


__all__ = ["Asked", "Breach", "Gone", "Late", "Outcome", "Refused", "Reply", "Shop", "Unloaded", "World"]
