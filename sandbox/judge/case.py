"""What a course's `cases.py` is written in: a case drives the learner's object and says what is wrong.

Every operation is one exchange with the jail and returns when it is answered; `await` is there so that cases
read like the code they test. Nothing of a case is ever sent into the jail but names and plain data.
"""

from __future__ import annotations

import builtins
import math
import random
import re
from collections.abc import Callable, Generator
from typing import Any

from sandbox.judge.props import Props, Stage
from sandbox.judge.record import Moment, Record
from sandbox.judge.spec import Failed
from sandbox.judge.stubs import Call, ExceptionName, Handle, Stub
from sandbox.judge.verdicts import same, spell, tell, worded
from sandbox.judge.wire import Breach, Thing
from sandbox.judge.words import clean, seconds, shorten, show
from sandbox.judge.world import Asked, Outcome, Reply, World, outcome_of, values_of
from sandbox.limits import EXCHANGE

SPINS = "решение крутится на месте: без конца уступает очередь (await asyncio.sleep(0)), но ничего не ждёт"


class Task:
    """A call under way. `await task` lets virtual time run until it ends."""

    def __init__(self, owner: Case, number: int, text: str) -> None:
        self.number = number
        self.text = text
        self.ahead = False  # the jail goes on to its end by itself
        self._owner = owner

    @property
    def done(self) -> bool:
        return self.number in self._owner.world.ended

    @property
    def outcome(self) -> Outcome | None:
        return self._owner.world.ended.get(self.number)

    def __await__(self) -> Generator[Any, None, Outcome]:
        return self._owner.wait(self).__await__()


class Case:
    """One run of one case in a world of its own.

    `random` is seeded; `size` grows from 1 with the seeds of a property, so that its first ones are small.
    """

    def __init__(self, world: World, seed: str, size: int, record: Record, stage: Stage) -> None:
        self.world = world
        self.stage = stage
        self.random = random.Random(seed)
        self.size = size
        self.module = Handle(0, "solution")
        self.record = record
        self._numbers = 0
        self._stubs: dict[str, Stub] = {}
        self._calls: dict[int, tuple[Stub, Call, float]] = {}  # under way, with when they may end
        self._defined: set[str] = set()
        self._first: list[dict[str, Any]] = []  # small requests that travel with the next one
        self._looks: list[Callable[[], None]] = []
        world.on_ask = self._on_ask
        world.on_note = self._on_note

    # -- the world ---------------------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual seconds since the case began."""
        return self.world.now

    def stub(self, name: str, *, sync: bool = False) -> Stub:
        """A function to hand to the learner's code, `async` unless `sync`; returns None until told."""
        stub = self._stubs[name] = Stub(self, name, sync)
        return stub

    async def props(self, *, fresh: bool = False) -> Props:
        """The course's real parts, at work since a case first asked for them; `fresh`: new ones.

        The time they take is not the solution's. Raises PropsFailed.
        """
        before = self.stage.seconds
        try:
            self.stage.open(fresh=fresh)
        finally:
            self.world.patience.prolong(self.stage.seconds - before)
        return Props(self.stage, self.pack, self.world.patience.prolong)

    def exception(self, name: str | ExceptionName, base: str = "Exception") -> ExceptionName:
        """A class to raise or to pass: a builtin one of that name, or one made for this case."""
        if isinstance(name, ExceptionName):
            return name
        if not is_exception(getattr(builtins, name, None)) and name not in self._defined:
            self._defined.add(name)
            self._first.append({"op": "define", "name": name, "base": base})
        return ExceptionName(name)

    async def new(self, name: str, /, *args: Any, **kwargs: Any) -> Handle:
        """Make an object of the learner's. Fails the case when that raises."""
        text, label = spell(name, args, kwargs), label_of(name)
        got = await self._start(self.module, name, args, kwargs, f"{label} = {text}", whole=True)
        self.step(f"{label} = {text}")
        if got.error is not None:
            if got.error == "AttributeError" and got.line == 0:
                raise Failed(f"в решении нет имени {name}", expected=name, got="нет такого имени")
            raise Failed(f"{text} не создаётся", expected="объект", got=tell(got))
        if not isinstance(got.value, Thing) or not got.value.ref:
            raise Failed(f"{name}(…) даёт не объект", expected=f"объект {name}", got=show(got.value))
        return Handle(got.value.ref, label)

    async def call(self, target: Handle, name: str, /, *args: Any, **kwargs: Any) -> Outcome:
        """Call a method and wait for its end, letting time run. What it raised comes as an Outcome."""
        return await self._start(target, name, args, kwargs, whole=True)

    def begin(self, target: Handle, name: str, /, *args: Any, **kwargs: Any) -> Task:
        """Begin a call and let it run up to where it waits for something."""
        return self._begun(self._start(target, name, args, kwargs))

    def through(self, target: Handle, name: str, /, *args: Any, **kwargs: Any) -> Task:
        """As `begin`, for a call that is awaited before anything else is done: it is asked for but once."""
        return self._begun(self._start(target, name, args, kwargs, whole=True))

    def _begun(self, task: Task) -> Task:
        if not task.done:
            self.step(f"{task.text}: начат")
        return task

    def _start(
        self,
        target: Handle,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        text: str = "",
        *,
        whole: bool = False,
    ) -> Task:
        self._numbers += 1
        plain = spell(name, args, kwargs)
        task = Task(self, self._numbers, text or (f"{target.label}.{plain}" if target.ref else plain))
        packed = {key: self.pack(item) for key, item in kwargs.items()}
        told = [self.pack(item) for item in args]
        until = self.now + EXCHANGE.horizon
        then = ({"op": "wait", "task": task.number, "until": until}, until) if whole else None
        self._ask("call", task=task.number, on=target.ref, name=name, args=told, kwargs=packed, then=then)
        task.ahead = whole
        if task.outcome and not text:
            self.step(f"{task.text} → {tell(task.outcome)}")
        return task

    async def wait(self, task: Task) -> Outcome:
        if not task.done:
            if task.ahead:
                answer = self._heed(self.world.ask_ahead())
            else:
                until = self.now + EXCHANGE.horizon
                answer = self._ask("wait", horizon=until, task=task.number, until=until)
            got = task.outcome
            if got is None:
                self._late(answer, task)
            else:
                self.record.ended(f"{task.text}: начат", f"{seconds(self.now)}: {task.text} → {tell(got)}")
        done = task.outcome
        assert done is not None
        return done

    async def cancel(self, task: Task) -> None:
        """Cancel a call under way, as `asyncio.Task.cancel` does, and let it take that in."""
        self._ask("cancel", task=task.number)
        self.step(f"отмена: {task.text}")

    async def advance(self, by: float) -> None:
        """Let `by` virtual seconds pass, and everything happen that is due by then."""
        until = self.now + by
        self.step(f"прошло {seconds(by)}")
        self._ask("advance", horizon=until, until=until)
        if abs(self.now - until) > 1e-6:
            raise Breach("часы решения отстали от часов проверки")

    async def look(self, target: Handle, *names: str) -> list[Any]:
        """Read attributes as they are now. One that cannot be read is a `Thing` (equal to nothing)."""
        answer = self._ask("look", on=target.ref, names=list(names))
        seen = values_of(answer.get("seen"), self.now)
        if len(seen) != len(names):
            raise Breach("ответ решения не разобрать: канал проверки испорчен")
        return seen

    async def watch(self, target: Handle, *names: str) -> None:
        """From now on `watched` holds these attributes as they are after each operation."""
        self._first.append({"op": "watch", "on": target.ref, "names": list(names)})

    @property
    def watched(self) -> list[Any]:
        return self.world.watched

    async def get(self, target: Handle, name: str) -> Any:
        """Read one attribute. Fails the case when that raises."""
        (value,) = await self.look(target, name)
        self.step(f"{target.label}.{name} → {show(value)}")
        if isinstance(value, Thing) and value.type == "AttributeError":
            raise Failed(f"у {target.label} нет атрибута {name}", expected=name, got=clean(value.text))
        return value

    async def set(self, target: Handle, name: str, value: Any) -> None:
        self.step(f"{target.label}.{name} = {show(value)}")
        self._ask("set", on=target.ref, name=name, value=self.pack(value))

    async def drop(self, target: Handle) -> None:
        self._first.append({"op": "drop", "on": target.ref})

    # -- verdicts -----------------------------------------------------------------------------------------

    def check(
        self, condition: bool, message: str, *, expected: Any = "", got: Any = "", hint: str = ""
    ) -> None:
        """End the case with `message` unless `condition` is exactly True."""
        if condition is not True:
            raise Failed(message, expected=worded(expected), got=worded(got), hint=hint)

    def equal(self, got: Any, expected: Any, what: str, *, hint: str = "") -> None:
        """`what` names the thing compared, in the nominative: «состояние после трёх ошибок»."""
        if not same(got, expected):
            raise Failed(what, expected=show(expected), got=show(got), hint=hint)

    def close(self, got: Any, expected: float, what: str, *, within: float = 1e-6, hint: str = "") -> None:
        """A number that may differ by rounding."""
        if type(got) not in (int, float) or not abs(got - expected) <= within:
            raise Failed(what, expected=show(expected), got=show(got), hint=hint)

    def returned(self, got: Outcome, value: Any, what: str, *, hint: str = "") -> None:
        if not got.ok or not same(got.value, value):
            raise Failed(what, expected=f"вернуть {show(value)}", got=tell(got), hint=hint)

    def raised(self, got: Outcome, name: str, what: str, *, hint: str = "") -> None:
        if not got.is_a(name):
            raise Failed(what, expected=f"исключение {name}", got=tell(got), hint=hint)

    def step(self, text: str) -> None:
        """A line of the record that a learner reads beside a failure: what was done."""
        self.record.step(f"{seconds(self.now)}: {text}")

    def emit(self, kind: str, **fields: Any) -> None:
        """An event of the trace, in the kinds of the lesson's scene, at this virtual moment."""
        self.at(self.now).emit(kind, **fields)

    def at(self, moment: float) -> Moment:
        """For `c.at(2.5).emit(…)`: an event of another moment. The trace is put in order when it is told."""
        return Moment(self.record, max(0.0, moment))

    def afterwards(self, look: Callable[[], None]) -> None:
        """Should the case fail at its very beginning, let `look` trace what happens a little later."""
        self._looks.append(look)

    def run_on(self) -> None:
        """Let a little more time pass, for a failed case's picture. Raises Breach, and what looks raise."""
        end = self.now + EXCHANGE.afterwards
        while self._looks and self.now < end - 1e-6:
            until = min(end, self.now + EXCHANGE.afterwards_step)
            self.world.ask("advance", horizon=until, until=until)
            for look in self._looks:
                look()

    # -- inside -------------------------------------------------------------------------------------------

    def pack(self, value: Any) -> Any:
        """A case's value for the wire. Raises TypeError for what cannot be sent: the case's own mistake.

        An object of the solution's that a case hands on is the solution's: it fails the case.
        """
        if isinstance(value, Handle):
            return {"$ref": value.ref}
        if isinstance(value, Stub):
            return {"$stub": {"name": value.name, "sync": value.sync}}
        if isinstance(value, ExceptionName):
            return {"$exception": value.name}
        if value is None or type(value) in (bool, int, str):
            return value
        if type(value) is float:
            return value if value - value == 0.0 else {"$float": repr(value)}
        if type(value) is bytes:
            return {"$bytes": value.hex()}
        if type(value) is list:
            return [self.pack(item) for item in value]
        if type(value) is tuple:
            return {"$tuple": [self.pack(item) for item in value]}
        if type(value) is dict:
            return {"$dict": [[self.pack(key), self.pack(item)] for key, item in value.items()]}
        if isinstance(value, Thing):
            raise Failed("сервису передали не данные", expected="строки, числа, списки", got=show(value))
        raise TypeError(f"a case cannot send {value!r} into the jail")

    def _ask(self, op: str, **fields: Any) -> dict[str, Any]:
        if self._first:
            fields["first"], self._first = self._first, []
        return self._heed(self.world.ask(op, **fields))

    def _heed(self, answer: dict[str, Any]) -> dict[str, Any]:
        if answer.get("late") == "spins":
            raise Breach(SPINS)
        if self.world.printed:
            lines = [clean(line) for line in self.world.printed.splitlines()]
            for line in lines[:20]:
                self.step("print: " + line)
            self.emit("out", text=shorten("\n".join(lines), 500))
            self.world.printed = ""
        if "outcome" in answer:  # the request itself could not be carried out, nor what was to follow it
            self.world.forget_ahead()
            got = outcome_of(answer["outcome"], self.now)
            raise Failed("решение не смогло выполнить просьбу проверки", got=tell(got))
        return answer

    def _late(self, answer: dict[str, Any], task: Task) -> None:
        if answer.get("late") == "stuck":
            got = f"{task.text} ждёт того, чего не случится"
            raise Failed("вызов никогда не завершится", expected="ответ", got=got)
        got = f"{task.text}: нет ответа и за {seconds(EXCHANGE.horizon)}"
        raise Failed("вызов не завершается", expected="ответ", got=got)

    def _on_ask(self, asked: Asked) -> Reply:
        stub = self._stubs.get(asked.stub)
        if stub is None:
            raise Breach("решение написало в канал проверки лишнее: вызов, которого не было")
        reply = stub.hear(asked)
        if not stub.sync:
            due = math.inf if reply.delay is None else asked.at + reply.delay
            self._calls[asked.n] = (stub, stub.calls[-1], due)
        return reply

    def _on_note(self, n: int, at: float, done: bool) -> None:
        known = self._calls.pop(n, None)
        if known is None:
            raise Breach("решение написало в канал проверки лишнее: ответ, о котором его не спрашивали")
        stub, call, due = known
        if done and at < due - 1e-6:
            raise Breach("часы решения врут: сервис ответил раньше, чем мог")
        stub.finish(call, done)


def is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseException)


def label_of(name: str) -> str:
    """How the record calls an object of class `name`: `breaker` for `CircuitBreaker`."""
    return re.split(r"(?=[A-Z])", name)[-1].lower() or name
