"""One lesson's folder into everything its row will hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from lessons.loader import demo as demos
from lessons.loader import exercise as exercises
from lessons.loader import questions, recording, terms
from lessons.loader.folders import LessonFolder
from lessons.loader.problems import Problems
from lessons.loader.recording import BuiltRecording
from lessons.loader.table import Table
from lessons.loader.text import Texts
from lessons.markdown import Renderer, typography
from lessons.markdown.blocks import Placed
from lessons.markdown.faults import line_of

_WORDS_A_MINUTE = 150  # technical Russian with listings beside it
_TAKEN = frozenset({"demo", "exercise", "main", "istochniki"})  # ids the templates use


@dataclass(frozen=True, slots=True)
class BuiltLesson:
    """`html` and `page` may still hold formulas to typeset."""

    folder: LessonFolder
    title: str
    aim: str
    minutes: int
    html: str
    page: dict[str, Any]
    spec: dict[str, Any]
    files: dict[str, str]
    private: dict[str, Any]
    recording: BuiltRecording | None


def _sources(table: Table, texts: Texts) -> list[dict[str, Any]]:
    sources = []
    for item in table.tables("sources"):
        source: dict[str, Any] = {"title": typography.plain(item.string("title"))}
        for key in ("author", "url"):
            if key in item.data:
                source[key] = item.string(key)
        if "year" in item.data:
            source["year"] = item.whole("year", low=1800, high=2100)
        if "note" in item.data:
            source["note"] = texts.line(item, "note")
        if source.get("url") and not source["url"].startswith(("https://", "http://")):
            item.problem("url", f"«{source['url']}» — не адрес", "адрес начинается с https://")
        item.done()
        sources.append(source)
    return sources


def build(
    folder: LessonFolder,
    slugs: Set[str],
    address: Callable[[str], str],
    problems: Problems,
    known: Mapping[str, tuple[str, str]],
) -> BuiltLesson | None:
    """Read, check and render one lesson; `known` are the course's terms. None without usable front matter."""
    path = folder.path / "lesson.md"
    table, text, offset = folder.front.table(problems), folder.front.text, folder.front.offset
    demo = demos.build(folder.path, folder.slug, problems)
    modules = dict(demo.modules) if demo else {}
    texts = Texts(Renderer(slugs, address, terms=known), problems)
    reference = modules.get("reference.py")
    exercise = exercises.build(folder.path / "exercise", demo.spec if demo else None, reference, texts)
    if exercise:
        modules["exercise/starter.py"] = exercise.starter
    predict = questions.predictions(folder.path / "predict.toml", texts)
    quiz = questions.quiz(folder.path / "quiz.toml", texts)
    if table is None:
        return None
    listed = {name: m.listing for name, m in modules.items()}
    rendered = Renderer(slugs, address, listed, known).page(text)
    problems.add_faults(path, rendered.faults, offset=offset)
    for heading in rendered.headings:
        if heading.id in _TAKEN:
            line = line_of(text, f"#{heading.id}}}") or line_of(text, heading.title)
            remedy = "дайте заголовку другой {#якорь}"
            problems.add(path, line + offset, f"якорь #{heading.id} уже занят блоком страницы", remedy)

    for slug in (after := table.strings("after")):
        if slug not in slugs:
            table.problem("after", f"урока «{slug}» нет", f"есть такие: {', '.join(sorted(slugs))}")
    page: dict[str, Any] = {
        "headings": [{"id": h.id, "title": h.title, "level": h.level} for h in rendered.headings],
        "aims": texts.lines(table, "aims"),
        "after": after,
        "sources": _sources(table, texts),
        "terms": terms.build(table, texts, folder.slug, known),
        "predict": predict,
        "quiz": quiz,
        "draft": table.flag("draft"),
    }
    there = {name: (folder.path / name).exists() for name in ("demo.toml", "quiz.toml", "exercise")}
    wanted = {
        ("demo", ""): there["demo.toml"],
        ("quiz", ""): there["quiz.toml"],
        ("exercise", ""): there["exercise"],
    }
    wanted |= {("predict", name): True for name in predict}
    _check_places(folder, rendered.blocks, wanted, problems, offset)
    taped = recording.build(folder.path / "recording.jsonl.gz", demo.spec, problems) if demo else None
    if demo:
        page["moments"] = taped.moments if taped else []
    if exercise:
        page["exercise"] = exercise.shown
    code_lines = sum(module.text.count("\n") for name, module in modules.items() if name == "reference.py")
    guess = max(1, math.ceil(rendered.words / _WORDS_A_MINUTE + code_lines / 40))
    built = BuiltLesson(
        folder=folder,
        title=typography.plain(table.string("title")),
        aim=typography.plain(table.string("aim")),
        minutes=table.whole("minutes", required=False, default=guess, low=1, high=240),
        html=rendered.html,
        page=page,
        spec=demo.spec if demo else {},
        files={name: module.text for name, module in modules.items()},
        private=exercise.private if exercise else {},
        recording=taped,
    )
    table.done()
    return built


def _check_places(
    folder: LessonFolder,
    blocks: Sequence[Placed],
    wanted: dict[tuple[str, str], bool],
    problems: Problems,
    offset: int,
) -> None:
    """Every part of the lesson has its place in the text, once; no place is left without its part."""
    path = folder.path / "lesson.md"
    seen: set[tuple[str, str]] = set()
    files = {
        "demo": "demo.toml",
        "quiz": "quiz.toml",
        "exercise": "папка exercise/",
        "predict": "вопрос в predict.toml",
    }
    for block in blocks:
        if block.name not in files:
            continue
        key = (block.name, block.argument)
        shown = f"/// {block.name}" + (f" | {block.argument}" if block.argument else "")
        if not wanted.get(key):
            problems.add(
                path,
                block.line + offset,
                f"«{shown}» не из чего делать",
                f"нужен {files[block.name]}; или уберите блок",
            )
        if key in seen:
            problems.add(path, block.line + offset, f"«{shown}» уже стоит выше", "оставьте один")
        seen.add(key)
    for (name, argument), part in wanted.items():
        if part and (name, argument) not in seen:
            shown = f"/// {name}" + (f" | {argument}" if argument else "")
            problems.add(
                path,
                0,
                f"{files[name]} есть, а места в тексте нет",
                f"поставьте «{shown}» и «///» там, где нужно",
            )
