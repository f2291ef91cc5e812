"""The call server inside the jail: answers the judge's requests about the learner's module, and nothing else.

It knows no cases and compares nothing. It runs in a world (one case, one seed): a process of its own, made by
`worlds`, that imports the learner's module afresh, so no case sees what another has left behind.

The pipe is half-duplex: the judge asks, and until the answer comes only this side speaks. Time is virtual
and stands still between requests. The requests are served where the event loop has nothing left to do at the
present moment: where its selector would wait, so no answer overtakes work already due. Wire: `docs/judge.md`.
"""

from __future__ import annotations

import asyncio
import builtins
import inspect
import io
import json
import math
import os
import random
import signal
import sys
import types
from collections.abc import Callable
from typing import Any, BinaryIO

from sandbox.guest import clocks
from sandbox.guest.loop import EPOCH, CallLoop, TimeStandsStill
from sandbox.guest.plain import Unsendable, failure, pack

FILE = "solution.py"
MODULE = "solution"
LINE = 64 * 1024  # bytes of one answer; the judge refuses longer ones
PRINTED = 2_000  # characters of print() kept between two answers
ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, separators=(",", ":"))
READ = json.JSONDecoder().raw_decode
SLEEP = asyncio.sleep  # the real one, whatever the learner makes of it
OVER = signal.SIGUSR1  # by which a world that was told to end says that it does
ENDS = {signal.SIGCHLD, OVER}
DONE = 0  # exit code of a world that ended because it was told to


def write(pipe: BinaryIO, message: dict[str, Any]) -> None:
    """One line. Raises Unsendable when it is too long for the judge."""
    data = ENCODER.encode(message).encode() + b"\n"
    if len(data) > LINE:
        raise Unsendable("ответ слишком велик")
    while data:
        data = data[pipe.write(data) :]


class Printed(io.TextIOBase):
    """Where print() goes: kept in bounds until the next answer takes it along."""

    def __init__(self) -> None:
        self.text = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self.text += text[: max(0, PRINTED - len(self.text))]
        return len(text)

    def take(self) -> str:
        text, self.text = self.text, ""
        return text


class World:
    """One case's worth of life: the module, its objects, the tasks under way, and the clock."""

    def __init__(self, control_in: BinaryIO, event_out: BinaryIO) -> None:
        self.control_in = control_in
        self.event_out = event_out
        self.request: dict[str, Any] = {}  # the one being answered
        self.loop = CallLoop(self.rest)
        self.objects: dict[int, Any] = {}  # by the judge's numbers; 0 is the module
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self.ended: list[list[Any]] = []  # [task, t, outcome] since the last answer
        self.seen: list[Any] | None = None  # what `look` read, for its answer
        self.watched: tuple[Any, list[str]] | None = None  # an object and its attributes
        self.shown = ""  # what they were in the last answer that told them
        self.asked = 0
        self.notes: list[list[Any]] = []  # [call of a stub, t, how it ended] since the last line
        self.following: dict[str, Any] | None = None  # to be done next without being asked
        self.raised: dict[int, tuple[BaseException, int]] = {}  # exceptions of stubs, to know them again
        self.classes: dict[str, type[BaseException]] = {}
        self.until: float | None = None  # how far the clock may go before the answer is due
        self.waits_for: int | None = None  # or the task whose end it waits for
        self.printed = Printed()

    # -- life -----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """All that needs no learner's code, done once before worlds are forked from here.

        Most of a world's life is the kernel copying the pages it writes to: what is written here is not.
        """
        clocks.install(self.loop.time, lambda seconds: self.loop.move(self.loop.now + seconds))
        sys.stdout = sys.stderr = self.printed
        asyncio.set_event_loop(self.loop)
        self.loop.set_exception_handler(self.note_problem)
        module = types.ModuleType(MODULE)
        module.__file__ = FILE
        sys.modules[MODULE] = module
        self.objects[0] = module
        self.loop.run_until_complete(SLEEP(0))

    def live(self, code: types.CodeType, request: dict[str, Any]) -> None:
        """Import the module, tell how that went, then serve until told to end."""
        self.request = request
        random.seed(request["seed"])
        module = self.objects[0]
        outcome = self.attempt(lambda: exec(code, module.__dict__))  # noqa: S102 - what the jail is for
        loaded = "error" not in outcome
        self.answer(outcome={"value": None} if loaded else outcome)
        self.following = request.get("then") if loaded else None
        self.request = {}
        try:
            self.loop.run_forever()
        except TimeStandsStill:
            self.answer(late="spins")

    def leave(self) -> None:
        """End, and say so to the process that made this one."""
        os.kill(os.getppid(), OVER)
        os._exit(DONE)

    @property
    def t(self) -> float:
        """Virtual seconds since the world began."""
        return round(self.loop.now - EPOCH, 9)

    def note_problem(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """A background task of the learner's died unheard: say so where print() goes."""
        self.printed.write(f"{context.get('message', '')}: {context.get('exception')!r}\n")

    def rest(self, timer: float) -> None:
        """Nothing is left to do now; the next timer is due at loop time `timer` (infinity: never)."""
        if self.request and not self.finished(timer):
            return
        while True:
            following = self.following
            if following and following["op"] == "wait" and self.tasks[following["task"]].done():
                following = None  # its answer has been given already
            if following is None:
                line = self.control_in.readline()
                self.request = READ(line.decode())[0] if line else {"op": "end"}
            else:
                self.request = following
            self.following = self.request.get("then")
            self.until = self.waits_for = None
            if self.request["op"] == "end":
                self.leave()
            try:
                for request in (*self.request.get("first", ()), self.request):
                    getattr(self, "do_" + request["op"])(request)
            except Exception as error:  # the request names what is not there
                self.following = None
                self.answer(outcome=self.tell_error(error))
                continue
            return

    def finished(self, timer: float) -> bool:
        """Answer the present request if it is due; otherwise let the clock go on to the next timer."""
        until = math.inf if self.until is None else EPOCH + self.until
        waiting = self.waits_for is not None and not self.tasks[self.waits_for].done()
        advancing = self.waits_for is None and self.loop.now < until < math.inf
        if (waiting or advancing) and timer <= until and timer < math.inf:
            self.loop.move(timer)
            return False
        if advancing:
            self.loop.move(until)
        self.answer(late=("stuck" if timer == math.inf else "far") if waiting else "")
        return True

    def answer(self, outcome: dict[str, Any] | None = None, late: str = "") -> None:
        message: dict[str, Any] = {"id": self.request["id"], "t": self.t}
        if outcome is not None:
            message["outcome"] = outcome
        if late:
            message["late"] = late
        if self.ended:
            message["ended"] = self.ended
        if self.seen is not None:
            message["seen"] = self.seen
        if self.watched is not None:
            watched = self.read(*self.watched)
            if (shown := repr(watched)) != self.shown:  # by text: 1, 1.0 and True are equal
                message["watched"], self.shown = watched, shown
        if self.notes:
            message["notes"] = self.notes
        if self.printed.text:
            message["out"] = self.printed.take()
        try:
            write(self.event_out, message)
        except Unsendable as error:
            write(self.event_out, {"id": self.request["id"], "t": self.t, "unsendable": str(error)})
            self.following = None
        self.ended, self.notes, self.seen = [], [], None

    # -- requests --------------------------------------------------------------------------------------

    def do_call(self, request: dict[str, Any]) -> None:
        """Begin to call an attribute of an object, up to where it waits for something."""
        number = request["task"]
        args = [self.unpack(item) for item in request["args"]]
        kwargs = {name: self.unpack(item) for name, item in request["kwargs"].items()}
        target = self.objects[request["on"]]
        life = self.perform(number, target, request["name"], args, kwargs)
        self.tasks[number] = self.loop.create_task(life, name=f"call-{number}")

    def do_wait(self, request: dict[str, Any]) -> None:
        self.waits_for, self.until = request["task"], request["until"]

    def do_advance(self, request: dict[str, Any]) -> None:
        self.until = request["until"]

    def do_cancel(self, request: dict[str, Any]) -> None:
        self.tasks[request["task"]].cancel()

    def do_look(self, request: dict[str, Any]) -> None:
        self.seen = self.read(self.objects[request["on"]], request["names"])

    def do_watch(self, request: dict[str, Any]) -> None:
        self.watched, self.shown = (self.objects[request["on"]], request["names"]), ""

    def do_set(self, request: dict[str, Any]) -> None:
        setattr(self.objects[request["on"]], request["name"], self.unpack(request["value"]))

    def do_define(self, request: dict[str, Any]) -> None:
        base = getattr(builtins, request["base"])
        self.classes[request["name"]] = type(request["name"], (base,), {"__module__": "service"})

    def do_drop(self, request: dict[str, Any]) -> None:
        self.objects.pop(request["on"], None)

    # -- the learner's code ----------------------------------------------------------------------------

    async def perform(
        self, number: int, target: Any, name: str, args: list[Any], kwargs: dict[str, Any]
    ) -> None:
        """One call, awaited if it is to be; whatever comes of it is put down as data."""
        try:
            result = getattr(target, name)(*args, **kwargs)
            if inspect.isawaitable(result):
                result = await result
            outcome = self.tell(result, number)
        except BaseException as error:  # SystemExit too: it must not end the loop unheard
            outcome = self.tell_error(error)
        self.ended.append([number, self.t, outcome])

    def read(self, target: Any, names: list[str]) -> list[dict[str, Any]]:
        return [self.attempt(getattr, target, name) for name in names]

    def attempt(self, read: Callable[..., Any], *args: Any) -> dict[str, Any]:
        try:
            return self.tell(read(*args), None)
        except BaseException as error:
            return self.tell_error(error)

    def tell(self, value: Any, number: int | None) -> dict[str, Any]:
        """The value as data; an object stays here under the number of the task that made it."""
        try:
            packed = pack(value)
        except Unsendable as error:
            return {"unsendable": str(error)}
        if number is not None and type(packed) is dict and "$object" in packed:
            self.objects[number] = value
            packed["$object"]["ref"] = number
        return {"value": packed}

    def tell_error(self, error: BaseException) -> dict[str, Any]:
        known = self.raised.get(id(error))
        return {"error": failure(error, known[1] if known else None, FILE)}

    def unpack(self, value: Any) -> Any:
        """What the judge sent: plain data, or a name of something that lives here."""
        if type(value) is list:
            return [self.unpack(item) for item in value]
        if type(value) is not dict:
            return value
        ((tag, held),) = value.items()
        if tag == "$tuple":
            return tuple(self.unpack(item) for item in held)
        if tag == "$dict":
            return {self.unpack(key): self.unpack(item) for key, item in held}
        if tag == "$float":
            return float(held)
        if tag == "$bytes":
            return bytes.fromhex(held)
        if tag == "$ref":
            return self.objects[held]
        if tag == "$exception":
            return self.exception(held)
        if tag == "$stub":
            return self.stub(held["name"], held["sync"])
        raise ValueError(tag)

    def exception(self, name: str) -> type[BaseException]:
        known = self.classes.get(name) or getattr(builtins, name)
        if not (isinstance(known, type) and issubclass(known, BaseException)):
            raise ValueError(name)
        return known

    # -- stubs: the other side holds them -----------------------------------------------------------------

    def stub(self, name: str, sync: bool) -> Callable[..., Any]:
        """A function that asks the judge what to do each time it is called."""
        never = self.loop.create_future

        def plain(*args: Any, **kwargs: Any) -> Any:
            return self.react(self.ask(name, args, kwargs))

        async def slow(*args: Any, **kwargs: Any) -> Any:
            reply = self.ask(name, args, kwargs)
            how = "cancelled"
            try:
                if reply["delay"] is None:
                    await never()
                elif reply["delay"] > 0:
                    await SLEEP(reply["delay"])
                how = "done"
                return self.react(reply)
            finally:
                self.notes.append([reply["n"], self.t, how])

        chosen: Callable[..., Any] = plain if sync else slow
        chosen.__name__ = chosen.__qualname__ = name
        return chosen

    def ask(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Tell the judge of a call and wait, in no virtual time, for what it answers."""
        self.asked += 1
        told = [pack(item) for item in args]
        named = {key: pack(item) for key, item in kwargs.items()}
        asked = {"n": self.asked, "t": self.t, "stub": name, "args": told, "kwargs": named}
        if self.notes:
            asked["notes"], self.notes = self.notes, []
        write(self.event_out, {"ask": self.request["id"], **asked})
        reply: dict[str, Any] = READ(self.control_in.readline().decode())[0]
        return reply

    def react(self, reply: dict[str, Any]) -> Any:
        if "raise" in reply:
            error = self.exception(reply["raise"]["type"])(*reply["raise"]["args"])
            self.raised[id(error)] = (error, reply["n"])  # kept alive, so the id stays its own
            raise error
        return self.unpack(reply["value"])
