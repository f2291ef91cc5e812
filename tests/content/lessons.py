"""Lesson folders as the tests see them: found by themselves, read without the site."""

from __future__ import annotations

import gzip
import json
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sandbox.guest import rehearsal

CONTENT = Path(__file__).resolve().parents[2] / "content"
MARKER = re.compile(r"^\s*# \[/?[a-z][a-z0-9-]*\]\s*$")
Event = dict[str, Any]


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

    def run(
        self, variant: str, script: tuple[tuple[float, str, Any], ...] = (), **controls: Any
    ) -> list[Event]:
        """Events of one run of the demo with `variant` (`reference`, `naive`), outside the jail."""
        return _run(self, variant, script, tuple(sorted(controls.items())))


@cache
def _run(lesson: Lesson, variant: str, script: Any, controls: Any) -> list[Event]:
    demo = lesson.demo
    defaults = {c["name"]: c["default"] for c in demo["controls"] if "default" in c}
    return rehearsal.run(
        {"demo.py": lesson.code("demo.py"), "reference.py": lesson.code(f"{variant}.py")},
        seed=demo["seed"],
        duration=demo["duration"],
        controls=defaults | dict(controls),
        script=script,
    )


LESSONS = [Lesson(path.parent) for path in sorted(CONTENT.glob("*/*/lesson.md"))]


def lesson(slug: str) -> Lesson:
    return next(found for found in LESSONS if found.folder.name.split("-", 1)[1] == slug)
