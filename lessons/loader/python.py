"""What can be told from the course's Python files without running them."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from lessons.loader.problems import Problems
from lessons.markdown import listings
from lessons.markdown.listings import Listing


@dataclass(frozen=True, slots=True)
class Emitted:
    """A call of `….emit("kind", field=…)`. `fields` is None when some come from `**`."""

    kind: str
    fields: frozenset[str] | None
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """A function decorated with `@case("title", fails="names")`."""

    title: str
    fails: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Module:
    """One file: `source` as written, `listing` as the reader and the jail get it."""

    path: Path
    source: str
    listing: Listing

    @property
    def text(self) -> str:
        return self.listing.text


def read(path: Path, problems: Problems) -> Module | None:
    """Read and compile one file. None with problems when it is no good, None alone when it is not there."""
    if not path.exists():
        return None
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        problems.add(path, 0, f"файл не в UTF-8: {error.reason}", "сохраните его в UTF-8")
        return None
    try:
        compile(source, path.name, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", 0) or 0
        why = getattr(error, "msg", str(error))
        problems.add(path, line, f"Python не понимает файл: {why}", "поправьте эту строку")
        return None
    listing = listings.read(source)
    problems.add_faults(path, listing.faults)
    return Module(path, source, listing)


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _calls(source: str, name: str) -> list[tuple[ast.Call, str]]:
    """Calls of a method `name` whose first argument is a literal string, with that string."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
            and node.args
        ):
            first = _literal(node.args[0])
            if first is not None:
                found.append((node, first))
    return found


def emitted(source: str) -> list[Emitted]:
    """Every event whose kind is written out in the source."""
    events = []
    for call, kind in _calls(source, "emit"):
        names = [keyword.arg for keyword in call.keywords]
        open_ended = None in names
        events.append(Emitted(kind, None if open_ended else frozenset(n for n in names if n), call.lineno))
    return events


def controls_used(source: str) -> list[tuple[str, int]]:
    """Names in `lab.control("…")`, `lab.on_control("…", …)` and `lab.set("…", …)`, with their lines."""
    asked = [(name, call.lineno) for m in ("control", "on_control") for call, name in _calls(source, m)]
    return asked + [(name, call.lineno) for call, name in _calls(source, "set") if _of("lab", call)]


def _of(owner: str, call: ast.Call) -> bool:
    """Whether it is a method of `owner` or `self.owner`: other things have methods of that name too."""
    value = call.func.value if isinstance(call.func, ast.Attribute) else None
    return owner in (getattr(value, "id", None), getattr(value, "attr", None))


def props_called(source: str) -> list[tuple[str, int]]:
    """Names in `props.call("…")`, with their lines."""
    return [(name, call.lineno) for call, name in _calls(source, "call") if _of("props", call)]


def functions(source: str) -> set[str]:
    """Names of top-level coroutines and functions."""
    return {n.name for n in ast.parse(source).body if isinstance(n, ast.AsyncFunctionDef | ast.FunctionDef)}


def cases(module: Module, problems: Problems) -> list[Case]:
    """Cases in file order. Titles and `fails` must be literals: they are read without running the file."""
    found: list[Case] = []
    for node in ast.parse(module.source).body:
        if not isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            continue
        for mark in node.decorator_list:
            if not isinstance(mark, ast.Call) or not isinstance(mark.func, ast.Name | ast.Attribute):
                continue
            name = mark.func.id if isinstance(mark.func, ast.Name) else mark.func.attr
            if name != "case":
                continue
            title = _literal(mark.args[0]) if mark.args else None
            fails = next((k.value for k in mark.keywords if k.arg == "fails"), None)
            names = _literal(fails) if fails is not None else ""
            if not title or names is None:
                problems.add(
                    module.path,
                    mark.lineno,
                    "заголовок и fails должны быть строками",
                    'пишите @case("…", fails="имя")',
                )
                continue
            found.append(Case(title, tuple(names.split()), mark.lineno))
    if not found:
        problems.add(module.path, 0, "нет ни одной проверки", "напишите хотя бы одну функцию с @case(…)")
    return found
