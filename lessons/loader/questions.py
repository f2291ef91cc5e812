"""predict.toml and quiz.toml."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

from lessons.loader.problems import Problems
from lessons.loader.table import Table, parse
from lessons.loader.text import Texts
from lessons.markdown import listings

Question = dict[str, Any]
MOST_LINES = 20  # of code in a question: a phone shows about as many


def _id(table: Table, seen: set[str]) -> str:
    name = table.slug("id")
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
            if (overlay := table.table("overlay")) is not None:
                question["overlay"] = {
                    "label": overlay.string("label", required=False) or "ваш ответ",
                    "scale": overlay.one_of("scale", ("chart", "time")),
                }
                overlay.done()
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
        kind = table.one_of("kind", tuple(_ANSWERS))
        question: Question = {"id": _id(table, seen), "kind": kind, "text": texts.block(table, "text")}
        if kind in _ANSWERS:
            question |= _ANSWERS[kind](table, texts)
        question["explain"] = texts.block(table, "explain", required=kind in _EXPLAINED)
        table.done()
        questions.append(question)
    return questions


def _number(table: Table, texts: Texts) -> Question:
    return {
        "answer": table.number("answer"),
        "tolerance": table.number("tolerance", required=False, low=0),
        "unit": table.string("unit", required=False),
    }


def _options(table: Table, texts: Texts) -> Question:
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
    if table.data["kind"] == "one" and right != 1:
        table.problem("kind", f"верных ответов: {right}", 'у kind = "one" верный ровно один: right = true')
    if table.data["kind"] == "many" and right == 0:
        table.problem("kind", "нет ни одного верного ответа", "отметьте хотя бы один: right = true")
    return {"options": options}


def _order(table: Table, texts: Texts) -> Question:
    """`items` in the right order; `shown`: the order they are offered in, the same for all, never right."""
    items = texts.lines(table, "items", required=True)
    if not 3 <= len(items) <= 7:
        table.problem("items", f"строк: {len(items)}", "нужно от 3 до 7, в верном порядке")
    if len(set(items)) != len(items):
        table.problem("items", "есть одинаковые строки", "все строки должны различаться")
    shown = list(range(len(items)))
    shuffle = random.Random(table.string("id"))
    while len(items) > 1 and shown == sorted(shown):
        shuffle.shuffle(shown)
    return {"items": items, "shown": shown}


def _line(table: Table, texts: Texts) -> Question:
    """`code` as listing lines of HTML, and which of them are at fault, from 1."""
    table.string("code")
    code = dedent(str(table.data.get("code", ""))).strip("\n")
    count = code.count("\n") + 1
    if count > MOST_LINES:
        table.problem("code", f"строк: {count}", f"не больше {MOST_LINES}")
    try:
        compile(code, "quiz", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except SyntaxError as error:
        table.problem("code", f"это не Python: {error.msg}, строка {error.lineno}", "поправьте код")
    lines = table.raw("lines")
    if (
        not isinstance(lines, list)
        or not lines
        or not all(type(line) is int and 1 <= line <= count for line in lines)
    ):
        table.problem("lines", "непонятные номера строк", f"список целых от 1 до {count}: lines = [4]")
        lines = []
    return {"code": listings.lines(code), "lines": lines}


_ANSWERS: dict[str, Callable[[Table, Texts], Question]] = {
    "one": _options,
    "many": _options,
    "number": _number,
    "order": _order,
    "line": _line,
}
_EXPLAINED = frozenset({"order", "line"})  # the other kinds may explain each option instead
