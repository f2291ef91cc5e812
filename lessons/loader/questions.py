"""predict.toml and quiz.toml."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from lessons.loader.problems import Problems
from lessons.loader.table import Table, parse
from lessons.loader.text import Texts

Question = dict[str, Any]
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


def _id(table: Table, seen: set[str]) -> str:
    name = table.string("id")
    if name and not _ID.fullmatch(name):
        table.problem("id", f"«{name}» не годится", "только латинские буквы, цифры и дефис")
    if name in seen:
        table.problem("id", f"вопрос «{name}» уже есть", "назовите иначе")
    seen.add(name)
    return name


def _tables(path: Path, problems: Problems) -> list[Table]:
    if not path.exists():
        return []
    table = parse(path, problems)
    if table is None:
        return []
    found = table.tables("question", required=True)
    table.done()
    return found


def predictions(path: Path, texts: Texts) -> dict[str, Question]:
    """Questions by id, in file order; empty when there is no file."""
    questions: dict[str, Question] = {}
    seen: set[str] = set()
    for table in _tables(path, texts.problems):
        kind = table.one_of("kind", ("choice", "number"))
        question: Question = {"id": _id(table, seen), "kind": kind, "text": texts.block(table, "text")}
        if kind == "choice":
            options = texts.lines(table, "options", required=True)
            if not 2 <= len(options) <= 6:
                table.problem("options", f"вариантов ответа: {len(options)}", "нужно от 2 до 6")
            question["options"] = options
            question["answer"] = table.whole("answer", high=max(len(options) - 1, 0))
        else:
            low, high = table.number("min"), table.number("max")
            if low >= high:
                table.problem("min", f"min = {low:g} не меньше max = {high:g}", "поменяйте границы")
            question |= {
                "min": low,
                "max": high,
                "step": table.number("step", low=1e-6),
                "unit": table.string("unit", required=False),
                "answer": table.number("answer", low=min(low, high), high=max(low, high)),
                "tolerance": table.number("tolerance", required=False, low=0),
            }
        question["explain"] = texts.block(table, "explain")
        question["at"] = table.number("at", low=0) if "at" in table.data else table.raw("at")
        table.done()
        questions[question["id"]] = question
    return questions


def quiz(path: Path, texts: Texts) -> list[Question]:
    """Questions in file order; empty when there is no file."""
    questions: list[Question] = []
    seen: set[str] = set()
    for table in _tables(path, texts.problems):
        kind = table.one_of("kind", ("one", "many", "number"))
        question: Question = {"id": _id(table, seen), "kind": kind, "text": texts.block(table, "text")}
        if kind == "number":
            question["answer"] = table.number("answer")
            question["tolerance"] = table.number("tolerance", required=False, low=0)
            question["unit"] = table.string("unit", required=False)
        else:
            options = []
            for option in table.tables("options", required=True):
                options.append(
                    {
                        "text": texts.line(option, "text"),
                        "right": option.flag("right"),
                        "why": texts.line(option, "why", required=False),
                    }
                )
                option.done()
            right = sum(bool(option["right"]) for option in options)
            if kind == "one" and right != 1:
                table.problem(
                    "kind", f"верных ответов: {right}", 'у kind = "one" верный ровно один: right = true'
                )
            if kind == "many" and right == 0:
                table.problem("kind", "нет ни одного верного ответа", "отметьте хотя бы один: right = true")
            question["options"] = options
        question["explain"] = texts.block(table, "explain", required=False)
        table.done()
        questions.append(question)
    return questions
