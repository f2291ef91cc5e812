"""Runs one demo: files, imports, `scenario(lab)`, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import mmap
import os
import random
import re
import sys
import traceback
from collections.abc import Coroutine, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from sandbox.guest import clocks, problems
from sandbox.guest.lab import Lab
from sandbox.guest.stage import RealStage, Stage, VirtualStage
from sandbox.guest.wire import Inbox, Outbox

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
LINE = 2000  # characters of one printed line in the log
RESERVE = 4 << 20  # bytes of address space kept back, untouched: to tell that memory has run out takes some

ENDINGS = {
    "duration": ("finished", "done", "Прогон завершён."),
    "returned": ("finished", "done", "Прогон завершён."),
    "stopped": ("stopped", "owner", "Прогон остановлен."),
}
FAILED = ("failed", "learner", "Программа остановилась из-за ошибки.")
OUT_OF_MEMORY = ("out_of_memory", "limit", "Программе не хватило памяти.")


class Printed(io.TextIOBase):
    """`print()` in a scenario: each line becomes an `out` event."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._line = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            self._emit(line)
        if len(self._line) > LINE:
            self.finish()
        return len(text)

    def finish(self) -> None:
        """Write out a last line that was not ended."""
        line, self._line = self._line, ""
        if line:
            self._emit(line)

    def _emit(self, line: str) -> None:
        text = line if len(line) <= LINE else line[: LINE - 1] + "…"
        self._stage.outbox.write({"t": self._stage.now(), "kind": "out", "text": text})


class Run:
    """One demo from its start message to `run.ended`."""

    def __init__(self, message: dict[str, Any], outbox: Outbox, inbox: Inbox | None, folder: Path) -> None:
        self.folder, self.outbox = folder, outbox
        self.clock: str = message.get("clock") or "virtual"
        self.seed: int = message["seed"]
        self.preload: list[str] = message.get("preload") or []
        self.stage = Stage(
            outbox,
            inbox,
            controls=message.get("controls") or {},
            script=[(t, name, value) for t, name, value in message.get("script") or ()],
            duration=float(message["duration"]),
            pace=message.get("pace"),
            touched=message.get("touched") or (),
        )
        self.broken: BaseException | None = None
        self._reserve = mmap.mmap(-1, RESERVE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        self.printed = Printed(self.stage)
        self.loop = VirtualStage(self.stage) if self.clock == "virtual" else RealStage(self.stage)

    def __call__(self) -> None:
        self.outbox.write(
            {
                "t": 0.0,
                "kind": "run.started",
                "seed": self.seed,
                "duration": self.stage.duration,
                "clock": self.clock,
                "controls": dict(self.stage.values),
            }
        )
        sys.stdout = sys.stderr = self.printed
        random.seed(self.seed)
        asyncio.set_event_loop(self.loop)
        if isinstance(self.loop, VirtualStage):
            clocks.install(self.loop.time, self._block)
        try:
            self.loop.run_until_complete(self._main())
        except BaseException as error:
            self._make_room(error)
            self._fail(error)
        self._end()

    async def _main(self) -> None:
        over: asyncio.Future[None] = self.loop.create_future()
        self.stage.on_over = lambda: None if over.done() else over.set_result(None)
        self.stage.on_spawn = self._watch
        self.loop.set_exception_handler(self._stray)
        lab = Lab(self.stage, self.seed)
        preload(self.preload)
        demo = importlib.import_module("demo")
        if isinstance(self.loop, RealStage):
            self.loop.begin()
        lab.spawn(_scenario(demo, lab))
        while lab.tasks and not self.stage.over and not self.broken:
            await asyncio.wait({over, *lab.tasks}, return_when=asyncio.FIRST_COMPLETED)
            lab.tasks = {task for task in lab.tasks if not task.done()}
        self.stage.end("returned")

    def _watch(self, task: asyncio.Task[Any]) -> None:
        def done(task: asyncio.Task[Any]) -> None:
            if not task.cancelled() and (error := task.exception()):
                self._fail(error)
                self.stage.end("failed")

        task.add_done_callback(done)

    def _stray(self, _: object, context: dict[str, Any]) -> None:
        """An exception that nobody awaited: told, but only a callback's ends the run."""
        error = context.get("exception")
        if error is None or self.stage.over:
            return
        if context.get("handle") is None:
            self._tell(error)
        else:
            self._fail(error)
            self.stage.end("failed")

    def _block(self, seconds: float) -> None:
        """`time.sleep` in virtual time: nothing else runs meanwhile, as it would be with the wall's clock."""
        self.loop.move(self.loop.time() + seconds)  # type: ignore[union-attr]
        self.stage.hold()

    def _fail(self, error: BaseException) -> None:
        if self.broken is None and not self.stage.over:
            self.broken = error
            self._make_room(error)
            with contextlib.suppress(MemoryError):
                self.broken = problems.understood(error, self.folder)
            self._tell(self.broken)

    def _make_room(self, error: BaseException) -> None:
        """After a MemoryError: let go of the reserve, and of what its frames hold."""
        if isinstance(error, MemoryError):
            self._reserve.close()
            traceback.clear_frames(error.__traceback__)

    def _tell(self, error: BaseException) -> None:
        self.printed.finish()
        try:
            fields = problems.describe(error, self.folder)
        except MemoryError:  # not even for its own story
            fields = problems.describe(MemoryError(), self.folder)
        self.outbox.write({"t": self.stage.now(), "kind": "problem", **fields})

    def _end(self) -> None:
        self.printed.finish()
        if self.broken is None:
            state, reason, text = ENDINGS[self.stage.over or "returned"]
        else:
            state, reason, text = OUT_OF_MEMORY if isinstance(self.broken, MemoryError) else FAILED
        self.outbox.write(
            {"t": self.stage.now(), "kind": "run.ended", "state": state, "reason": reason, "text": text}
        )


def _scenario(demo: ModuleType, lab: Lab) -> Coroutine[Any, Any, Any]:
    """What a run begins with. Raises AttributeError or TypeError with words for whoever has changed it."""
    scenario = getattr(demo, "scenario", None)
    if scenario is None:
        raise AttributeError("в demo.py нет функции scenario(lab), а прогон начинается с неё")
    begun = scenario(lab) if callable(scenario) else None
    if not inspect.iscoroutine(begun):
        raise TypeError(
            "scenario в demo.py — не async def scenario(lab) без yield, а прогон начинается с неё"
        )
    return begun


def place(files: dict[str, str], folder: Path) -> None:
    """Write the run's files and let them be imported. Raises ValueError for a name that is not plain."""
    for name, text in files.items():
        if not FILE_NAME.fullmatch(name):
            raise ValueError(f"not a plain file name: {name!r}")
        (folder / name).write_text(text, encoding="utf-8", errors="replace")
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()


def preload(names: Iterable[str]) -> None:
    """Import what the lesson says it needs, before anything of the learner's."""
    for name in names:
        importlib.import_module(name)


def serve(control: int, events: int, folder: Path) -> None:
    """Wait for the start message on fd `control`, then do what it says."""
    inbox = Inbox(control)
    message = inbox.first()
    place(message.get("files") or {}, folder)
    if message.get("mode") == "props":
        importlib.import_module("sandbox.guest.props").serve(inbox, Outbox(events))
    elif message.get("mode") == "calls":
        worlds = importlib.import_module("sandbox.guest.worlds")
        preload(message.get("preload") or ())  # once, before worlds are forked: each finds it there
        with open(events, "wb", buffering=0, closefd=False) as out:
            worlds.serve(inbox.stream(), out, message)
    else:
        Run(message, Outbox(events), inbox, folder)()


def rehearse(message: dict[str, Any], events: int, folder: Path) -> None:
    """Run a start message with nobody at the controls, then leave at once, whatever threads still run."""
    place(message["files"], folder)
    Run(message, Outbox(events), None, folder)()
    os._exit(0)


def warm(folder: Path, *, worlds: bool) -> None:
    """Run nothing much, once, so that all a run needs is there when it comes (`worlds`: a judging, too)."""
    null = os.open(os.devnull, os.O_WRONLY)
    stage = Stage(Outbox(null), None, controls={}, script=(), duration=0.0, pace=None)
    loop = VirtualStage(stage)
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    os.close(null)
    problems.describe(ValueError(), folder)
    if worlds:
        importlib.import_module("sandbox.guest.worlds")
        importlib.import_module("sandbox.guest.practice").practise()
