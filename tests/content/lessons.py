"""Lesson folders as the tests see them: found by themselves, read without the site.

A lesson in virtual time runs outside the jail, in no time; one with real components runs in a real jail and
takes as long as its demo, so its usual runs are begun together, and each is played once in a session.
"""

from __future__ import annotations

import atexit
import gzip
import json
import re
import sys
import threading
import tomllib
from concurrent.futures import Future
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from lessons.loader.front import read
from sandbox import host, judge, recorder
from sandbox.guest import rehearsal
from sandbox.jobs import DemoJob, JudgeJob
from sandbox.limits import DEMO, JUDGE, Limits
from sandbox.pool import Pool

CONTENT = Path(__file__).resolve().parents[2] / "content"
MARKER = re.compile(r"^\s*# \[/?[a-z][a-z0-9-]*\]\s*$")
Event = dict[str, Any]
# Real runs at once. Each takes some hundredths of a core; many more would bend the time they live by.
_PLACES = threading.Semaphore(8)


@dataclass(frozen=True)
class Lesson:
    """One folder with a lesson.md."""

    folder: Path

    def __str__(self) -> str:
        return self.folder.name

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")

    def code(self, name: str) -> str:
        """A Python file as the jail gets it: without the markers of listings."""
        return "\n".join(line for line in self.text(name).split("\n") if not MARKER.match(line))

    def module(self, name: str) -> ModuleType:
        """The file, imported under a name of its own."""
        module = ModuleType(f"{self.folder.name}.{name}")
        sys.modules[module.__name__] = module  # dataclasses look their module up
        exec(compile(self.code(name), name, "exec"), module.__dict__)
        return module

    @property
    def prose(self) -> str:
        """lesson.md below its front matter, without code."""
        _, _, body = self.text("lesson.md").split("+++\n", 2)
        return re.sub(r"```.*?```|`[^`]*`", "`код`", body, flags=re.DOTALL)

    @property
    def demo(self) -> dict[str, Any]:
        return tomllib.loads(self.text("demo.toml"))

    @property
    def recording(self) -> list[Event]:
        lines = gzip.decompress((self.folder / "recording.jsonl.gz").read_bytes()).decode().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def key_kinds(self) -> set[str]:
        """The kinds that demo.toml calls key moments."""
        return {kind for kind, entry in self.demo["kinds"].items() if entry.get("key")}

    @property
    def real(self) -> bool:
        """Whether it runs by the wall's clock, with real components."""
        return bool(self.demo["clock"] == "real")

    def ends(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Every slider and switch at its lower end, and at its upper one."""
        low, high = {}, {}
        for control in self.demo["controls"]:
            if control["kind"] == "slider":
                low[control["name"]], high[control["name"]] = control["min"], control["max"]
            elif control["kind"] == "switch":
                low[control["name"]], high[control["name"]] = False, True
        return low, high

    def run(
        self, variant: str, script: tuple[tuple[float, str, Any], ...] = (), **controls: Any
    ) -> list[Event]:
        """Events of one run of the demo with `variant` (`reference`, `naive`): played once, then kept."""
        begin_the_usual(self)
        begun = _begun(self, variant, script, tuple(sorted(controls.items())))
        return begun.result() if isinstance(begun, Future) else begun

    @property
    def solution(self) -> str:
        """What the exercise's cases must let pass."""
        own = self.folder / "exercise" / "solution.py"
        return self.code("exercise/solution.py" if own.exists() else "reference.py")

    def judged(self, code: str, seed: int = 1) -> list[Event]:
        """The judge's log about a solution of the exercise, graded in real jails: once, then kept."""
        return _judged(self, code, seed)


@cache
def begin_the_usual(lesson: Lesson) -> None:
    """Begin the runs that `test_every_lesson` asks for, so that nobody waits for one after another."""
    if not lesson.real:
        return
    low, high = lesson.ends()
    for variant, controls in (("reference", {}), ("naive", {}), ("reference", low), ("reference", high)):
        _begun(lesson, variant, (), tuple(sorted(controls.items())))


@cache
def _begun(lesson: Lesson, variant: str, script: Any, controls: Any) -> list[Event] | Future[list[Event]]:
    demo = lesson.demo
    files = {"demo.py": lesson.code("demo.py"), "reference.py": lesson.code(f"{variant}.py")}
    seed, duration = demo["seed"], demo["duration"]
    defaults = {c["name"]: c["default"] for c in demo["controls"] if "default" in c}
    values = defaults | dict(controls)
    touched = [name for name, value in controls if value != defaults.get(name)]
    if not lesson.real:
        return rehearsal.run(
            files, seed=seed, duration=duration, controls=values, script=script,
            touched=touched, preload=demo.get("packages", ()),
        )  # fmt: skip
    job = DemoJob(
        "test", files, seed, duration, controls=values, script=list(script), clock="real",
        touched=touched, preload=demo.get("packages", []),
    )  # fmt: skip
    future: Future[list[Event]] = Future()
    threading.Thread(target=_in_a_jail, args=(job, future), daemon=True).start()
    return future


@cache
def _judged(lesson: Lesson, code: str, seed: int) -> list[Event]:
    props = lesson.folder / "exercise" / "props.py"
    log: list[Event] = []
    job = JudgeJob(
        "test", {"solution.py": code}, lesson.text("exercise/cases.py"), seed,
        preload=lesson.demo.get("packages", []), props=props.read_text("utf-8") if props.exists() else "",
    )  # fmt: skip
    judge.run(job, _jails(JUDGE).take, log.append)
    return log


def _in_a_jail(job: DemoJob, future: Future[list[Event]]) -> None:
    try:
        with _PLACES, _jails(DEMO).take() as jail:
            future.set_result(recorder.record(jail, job))
    except Exception as error:
        future.set_exception(error)


@cache
def _jails(limits: Limits) -> Pool:
    """One pool of a kind for the session. At its end the runs nobody waited for lose their jails."""
    pool = Pool(_host(), limits, spare=1)
    atexit.register(pool.close)
    return pool


@cache
def _host() -> host.Host:
    return host.find(host.var())


# Drafts are left alone until their author says they are written.
LESSONS = [
    lesson
    for lesson in (Lesson(path.parent) for path in sorted(CONTENT.glob("*/*/lesson.md")))
    if not read(lesson.folder, CONTENT).data.get("draft")
]


def lesson(slug: str) -> Lesson:
    """The lesson of that address; it need not be finished."""
    (folder,) = (path for path in CONTENT.glob("*/*") if path.name.split("-", 1)[-1] == slug)
    return Lesson(folder)
