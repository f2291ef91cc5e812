"""Mistakes in the content, collected so that the author sees all of them at once.

CourseInvalid    the course has mistakes; nothing was saved
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lessons.markdown.faults import Fault


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One mistake: where, what, and what to do, in Russian. `line` counts from 1; 0 means the whole file."""

    file: str
    line: int
    text: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.text} → {self.remedy}"


class CourseInvalid(Exception):
    """The course was not saved. `problems` are sorted by file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(str(problem) for problem in self.problems))


class Problems:
    """Collects mistakes. Paths are shown relative to `root`'s parent: `content/05-…/lesson.md`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.found: list[Problem] = []

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self.root.parent)) if path.is_relative_to(self.root.parent) else path.name

    def add(self, path: Path, line: int, text: str, remedy: str) -> None:
        self.found.append(Problem(self.shown(path), line, text, remedy))

    def add_faults(self, path: Path, faults: Iterable[Fault], *, offset: int = 0) -> None:
        """Take over mistakes of a text that begins `offset` lines below the top of the file."""
        for fault in faults:
            self.add(path, fault.line + offset if fault.line else offset, fault.text, fault.remedy)
