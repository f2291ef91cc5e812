"""Terms of the course: each defined in one lesson's front matter, linked from any lesson by `term:id`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from lessons.loader.folders import LessonFolder
from lessons.loader.table import Table
from lessons.loader.text import Texts
from lessons.markdown import typography

_MARKS = re.compile(r"[*`$]|\[|\]\([^)]*\)")


def defined(folders: Iterable[LessonFolder]) -> dict[str, tuple[str, str]]:
    """Every term's id with the lesson that defines it first and what its link says on hover, plain text.

    Mistakes are not told here: they are told when the lesson itself is built.
    """
    found: dict[str, tuple[str, str]] = {}
    for folder in folders:
        for term in _raw(folder):
            name, text = term.get("id"), term.get("text")
            if isinstance(name, str) and isinstance(text, str):
                found.setdefault(name, (folder.slug, typography.plain(_MARKS.sub("", text).strip())))
    return found


def _raw(folder: LessonFolder) -> list[dict[str, Any]]:
    terms = folder.front.data.get("terms", [])
    return [term for term in terms if isinstance(term, dict)] if isinstance(terms, list) else []


def build(
    table: Table, texts: Texts, slug: str, known: Mapping[str, tuple[str, str]]
) -> list[dict[str, str]]:
    """The terms of one lesson, for the glossary: id, name, english (may be empty), text as inline HTML."""
    terms: list[dict[str, str]] = []
    for item in table.tables("terms"):
        name = item.slug("id")
        owner = known.get(name, (slug, ""))[0]
        if owner != slug or any(term["id"] == name for term in terms):
            item.problem(
                "id", f"термин «{name}» уже объяснён в уроке «{owner}»", "сошлитесь на него: term:" + name
            )
        terms.append(
            {
                "id": name,
                "name": typography.plain(item.string("name")),
                "english": item.string("english", required=False),
                "text": texts.line(item, "text"),
            }
        )
        item.done()
    return terms
