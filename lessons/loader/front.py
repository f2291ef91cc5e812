"""The head of a lesson.md: TOML between two lines «+++», read and parsed once for all who ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lessons.loader.problems import Problem, Problems
from lessons.loader.table import Source, Table, parse

_FENCE = "+++"


@dataclass(frozen=True, slots=True)
class Front:
    """`data` is unchecked, and empty when the head cannot be read: then `faults` say why.

    `text` is what stands below, `offset` lines down; `toml` is the head as it was typed.
    """

    path: Path
    data: dict[str, Any] = field(default_factory=dict)
    toml: str = ""
    text: str = ""
    offset: int = 0
    faults: tuple[Problem, ...] = ()

    def table(self, problems: Problems) -> Table | None:
        """The head to be checked key by key. None, and the faults told, when there is none."""
        if self.faults:
            problems.found.extend(self.faults)
            return None
        return Table(self.data, Source(self.path, self.toml, problems, offset=1))


def read(folder: Path, root: Path) -> Front:
    """The front matter of the lesson in `folder`; faults name the file as `Problems(root)` would."""
    path = folder / "lesson.md"
    problems = Problems(root)

    def fault(line: int, text: str, remedy: str) -> tuple[Problem, ...]:
        problems.add(path, line, text, remedy)
        return tuple(problems.found)

    if not path.exists():
        remedy = "напишите lesson.md или перенесите урок в [[planned]] главы"
        return Front(path, faults=fault(0, "текста урока нет", remedy))
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as error:
        return Front(path, faults=fault(0, f"файл не в UTF-8: {error.reason}", "сохраните его в UTF-8"))
    end = next((n for n, line in enumerate(lines) if n and line.strip() == _FENCE), 0)
    if lines[0].strip() != _FENCE or not end:
        remedy = "начните файл с TOML между двумя строками «+++»"
        return Front(path, text="\n".join(lines), faults=fault(1, "нет шапки урока", remedy))
    toml, text = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    table = parse(path, problems, toml, offset=1)
    return Front(path, table.data if table else {}, toml, text, end + 1, tuple(problems.found))
