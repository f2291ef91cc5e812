"""What an attack's file says of itself, read without running it.

| name | meaning (default) |
|---|---|
| docstring | the promise that is attacked |
| `attack(bait)` | the attempt: returns what it got, nothing when it got nothing, or raises the refusal |
| `scenario(lab)` | instead of `attack`, where the attempt is the whole run |
| `HELD` | what the attempt must come to, from its first letter: a pattern (none: only the end is looked at) |
| `ENDS` | states the run may end in, by `\\|` (`finished`) |
| `SAYS` | what the run's last sentence must hold: alternatives by `\\|` |
| `NEVER`, `SHOWN` | text that must not be, and that must be, in the log as it was printed |
| `CONTROL` | what the same code comes to outside the jail: `canary` (the secret), `got` (anything) |
| `LIMITS`, `PACE`, `FILES` | other bounds, pace, and files of the run |
| `HOLDS` | who can keep the promise: `root user`, or `root` alone |
| `TWICE` | run it a second time: that run's report counts |
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Head:
    """One attack: `name` is `family/what`, `text` its whole source."""

    name: str
    text: str
    promise: str
    held: str = ""
    ends: tuple[str, ...] = ("finished",)
    says: tuple[str, ...] = ("Прогон завершён",)
    never: str = ""
    shown: str = ""
    control: str = ""
    limits: dict[str, float] = field(default_factory=dict)
    pace: float | None = None
    files: dict[str, str] = field(default_factory=dict)
    holds: tuple[str, ...] = ("root", "user")
    twice: bool = False


def read(path: Path) -> Head:
    """The head of one file; nothing else of the file is run here."""
    text = path.read_text()
    tree = ast.parse(text)
    given: dict[str, Any] = {}
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
            name = target.id.lower()
            if target.id.isupper() and name in Head.__dataclass_fields__:
                value = eval(compile(ast.Expression(statement.value), str(path), "eval"), {})
                if name in ("ends", "says"):
                    value = tuple(value.split("|"))
                given[name] = tuple(value.split()) if name == "holds" else value
    return Head(f"{path.parent.name}/{path.stem}", text, ast.get_docstring(tree) or "", **given)


def all_attacks() -> list[Head]:
    """Every attack, by family."""
    return [read(path) for path in sorted(FOLDER.glob("*/*.py"))]
