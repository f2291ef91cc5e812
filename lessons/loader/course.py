"""The whole course: find what changed, build it, check it together, save it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse

from lessons.loader import lesson as lessons
from lessons.loader import terms
from lessons.loader.folders import ChapterFolder, discover
from lessons.loader.lesson import BuiltLesson
from lessons.loader.problems import CourseInvalid, Problems
from lessons.loader.save import save
from lessons.loader.stamp import touch
from lessons.markdown import formulas
from lessons.markdown.faults import line_of
from lessons.models.content import Lesson, Status


@dataclass(frozen=True, slots=True)
class Report:
    """What a load did: slugs of lessons rendered, slugs of rows changed, seconds it took."""

    chapters: int
    ready: int
    planned: int
    rendered: tuple[str, ...]
    changed: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        if not self.changed:
            return f"Курс без изменений: глав {self.chapters}, уроков {self.ready}, готовится {self.planned}."
        what = ", ".join(self.changed)
        return (
            f"Курс загружен за {self.seconds:.1f} с: глав {self.chapters}, уроков {self.ready}, "
            f"готовится {self.planned}. Обновлено: {what}."
        )


@lru_cache(maxsize=1)
def _renderer_digest() -> str:
    """Covers the code that renders: when it changes, every lesson is rendered anew."""
    sha = hashlib.sha256()
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "loader", package / "markdown"):
        for path in sorted([*folder.glob("*.py"), *folder.glob("*.mjs")]):
            sha.update(path.read_bytes())
    return sha.hexdigest()


def _address(slug: str) -> str:
    return reverse("lesson", args=[slug])


def load_course(root: Path | None = None) -> Report:
    """Load `content/`. Raises CourseInvalid, with every mistake found, before anything is written."""
    started = time.monotonic()
    root = root or Path(settings.CONTENT_DIR)
    problems = Problems(root)
    chapters = discover(root, problems, drafts=settings.LOCAL)
    slugs = {slug for chapter in chapters for slug in chapter.slugs}
    known = terms.defined(folder for chapter in chapters for folder in chapter.lessons)
    common = "\0".join([_renderer_digest(), *sorted(slugs), *map(str, sorted(known.items()))])
    digests = {
        folder.slug: hashlib.sha256(f"{common}\0{folder.digest}".encode()).hexdigest()
        for chapter in chapters
        for folder in chapter.lessons
    }
    kept = dict(Lesson.objects.filter(status=Status.READY).values_list("slug", "digest"))
    built: list[BuiltLesson] = []
    for chapter in chapters:
        for folder in chapter.lessons:
            if kept.get(folder.slug) != digests[folder.slug]:
                lesson = lessons.build(folder, slugs, _address, problems, known)
                if lesson is not None:
                    built.append(lesson)
    built = _typeset(built, problems)
    if problems.found:
        raise CourseInvalid(problems.found)
    changed = save(chapters, {lesson.folder.slug: lesson for lesson in built}, digests)
    if changed:
        touch()
    return _report(chapters, built, changed, time.monotonic() - started)


def _typeset(built: Sequence[BuiltLesson], problems: Problems) -> list[BuiltLesson]:
    trees = [{"html": lesson.html, "page": lesson.page} for lesson in built]
    try:
        done, refused = formulas.typeset(trees)
    except formulas.NoTypesetter as missing:
        for lesson, tree in zip(built, trees, strict=True):
            if formulas.has_formula(tree):
                problems.add(lesson.folder.path / "lesson.md", 0, "формулы не сверстать", str(missing))
        return list(built)
    for lesson, faults in zip(built, refused, strict=True):
        for fault in faults:
            path = next(
                (
                    p
                    for p in sorted(lesson.folder.path.rglob("*"))
                    if p.suffix in {".md", ".toml"} and fault.tex in p.read_text()
                ),
                lesson.folder.path / "lesson.md",
            )
            line = line_of(path.read_text(encoding="utf-8"), fault.tex)
            problems.add(path, line, f"KaTeX не понимает формулу: {fault.why}", "поправьте формулу")
    return [replace(lesson, **tree) for lesson, tree in zip(built, done, strict=True)]  # type: ignore[arg-type]


def _report(
    chapters: Sequence[ChapterFolder], built: Sequence[BuiltLesson], changed: Sequence[str], seconds: float
) -> Report:
    return Report(
        chapters=len(chapters),
        ready=sum(len(chapter.lessons) for chapter in chapters),
        planned=sum(len(chapter.planned) for chapter in chapters),
        rendered=tuple(lesson.folder.slug for lesson in built),
        changed=tuple(changed),
        seconds=seconds,
    )
