"""The exercise folder: what the learner sees, and what only the judge may."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lessons.loader import python
from lessons.loader.demo import check_emitted
from lessons.loader.problems import Problems
from lessons.loader.python import Module
from lessons.loader.text import Texts


@dataclass(frozen=True, slots=True)
class BuiltExercise:
    """`shown` goes to the page, `private` stays on the server."""

    shown: dict[str, Any]
    private: dict[str, Any]
    starter: Module


def build(
    folder: Path, spec: dict[str, Any] | None, reference: Module | None, texts: Texts
) -> BuiltExercise | None:
    """Read `folder` (a lesson's `exercise/`). None when there is none, or when it cannot be used."""
    if not folder.is_dir():
        return None
    problems = texts.problems
    starter, cases = (_needed(folder / name, problems) for name in ("starter.py", "cases.py"))
    solution = python.read(folder / "solution.py", problems) or reference
    if solution is None:
        problems.add(
            folder / "solution.py", 0, "нет эталонного решения", "напишите его или reference.py урока"
        )
    props = python.read(folder / "props.py", problems)
    task = texts.file(folder / "task.md")
    hints = texts.sections(folder / "hints.md")
    wrong = {path.stem: python.read(path, problems) for path in sorted((folder / "wrong").glob("*.py"))}
    if starter is None or cases is None or solution is None:
        return None
    listed = python.cases(cases, problems)
    if spec is not None:
        check_emitted(cases, spec, problems)
    _check_wrong(folder, cases, listed, set(wrong), problems)
    _check_props(cases, props, problems)
    shown = {"task": task, "starter": starter.text, "hints": hints, "cases": [case.title for case in listed]}
    private = {
        "cases": cases.source,
        "solution": solution.text,
        "wrong": {name: module.text for name, module in wrong.items() if module},
        "props": props.source if props else "",
    }
    return BuiltExercise(shown, private, starter)


def _needed(path: Path, problems: Problems) -> Module | None:
    if not path.exists():
        problems.add(path, 0, "файла нет", "задания без него не бывает: напишите его")
    return python.read(path, problems)


def _check_props(cases: Module, props: Module | None, problems: Problems) -> None:
    there = python.functions(props.source) if props else set()
    for name, line in python.props_called(cases.source):
        if name not in there:
            known = f"есть такие: {', '.join(sorted(there))}" if there else "напишите exercise/props.py"
            problems.add(cases.path, line, f"в props.py нет функции «{name}»", known)


def _check_wrong(
    folder: Path, cases: Module, listed: list[python.Case], wrong: set[str], problems: Problems
) -> None:
    named: set[str] = set()
    titles: set[str] = set()
    for case in listed:
        if case.title in titles:
            problems.add(cases.path, case.line, f"проверка «{case.title}» уже есть", "назовите её иначе")
        titles.add(case.title)
        for name in case.fails:
            named.add(name)
            if name not in wrong:
                remedy = f"напишите wrong/{name}.py или поправьте fails"
                problems.add(cases.path, case.line, f"нет неверного решения «{name}»", remedy)
    for name in sorted(wrong - named):
        remedy = f'напишите fails="{name}" у проверки, которая его ловит'
        problems.add(folder / "wrong" / f"{name}.py", 0, "ни одна проверка не называет это решение", remedy)
