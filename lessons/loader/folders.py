"""Which chapters and lessons there are, by the names of folders; of a lesson only the front matter counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lessons.loader.front import Front, read
from lessons.loader.problems import Problems
from lessons.loader.table import SLUG, parse
from lessons.markdown import typography

_FOLDER = re.compile(r"(\d{2})-([a-z0-9]+(?:-[a-z0-9]+)*)")


@dataclass(frozen=True, slots=True)
class Planned:
    """A lesson promised and not written."""

    number: int
    slug: str
    title: str
    aim: str


@dataclass(frozen=True, slots=True)
class LessonFolder:
    """A lesson's folder. `digest` covers every file in it."""

    path: Path
    number: int
    slug: str
    digest: str
    front: Front


@dataclass(frozen=True, slots=True)
class ChapterFolder:
    path: Path
    number: int
    slug: str
    title: str
    aim: str
    lessons: tuple[LessonFolder, ...]
    planned: tuple[Planned, ...]

    @property
    def slugs(self) -> set[str]:
        """Slugs of its lessons, planned ones too."""
        return {lesson.slug for lesson in self.lessons} | {plan.slug for plan in self.planned}


def files(folder: Path) -> Iterator[Path]:
    """Every file of a folder that the course is made of, in order.

    Editors' and interpreters' leavings are skipped; so is what only developers run: `tests/`, `bench.py`.
    """
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        ours = parts[0] == "tests" or parts == ("bench.py",)
        if path.is_file() and not hidden and not ours and not path.name.endswith(("~", ".pyc")):
            yield path


def _digest(folder: Path) -> str:
    sha = hashlib.sha256()
    for path in files(folder):
        body = path.read_bytes()
        sha.update(f"{path.relative_to(folder)}\0{len(body)}\0".encode())
        sha.update(body)
    return sha.hexdigest()


def _planned(chapter: Path, problems: Problems) -> tuple[str, str, tuple[Planned, ...]]:
    path = chapter / "chapter.toml"
    if not path.exists():
        problems.add(path, 0, "нет описания главы", "создайте файл с полями title и aim")
        return chapter.name, "", ()
    table = parse(path, problems)
    if table is None:
        return chapter.name, "", ()
    title, aim = typography.plain(table.string("title")), typography.plain(table.string("aim"))
    planned = []
    for item in table.tables("planned"):
        slug = item.string("slug")
        if slug and not SLUG.fullmatch(slug):
            item.problem("slug", f"«{slug}» не годится для адреса", "только латинские буквы, цифры и дефис")
        planned.append(
            Planned(
                number=item.whole("number", low=1, high=99),
                slug=slug,
                title=typography.plain(item.string("title")),
                aim=typography.plain(item.string("aim")),
            )
        )
        item.done()
    table.done()
    return title, aim, tuple(planned)


def discover(root: Path, problems: Problems, *, drafts: bool = True) -> tuple[ChapterFolder, ...]:
    """Chapters in order. Repeated numbers and slugs are problems.

    Without `drafts`, lessons marked `draft = true` are as if unwritten.
    """
    if not root.is_dir():
        problems.add(root, 0, "папки с курсом нет", "укажите папку content")
        return ()
    chapters: list[ChapterFolder] = []
    seen: dict[str, Path] = {}
    numbers: dict[int, Path] = {}
    for folder in sorted(
        path for path in root.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
    ):
        named = _FOLDER.fullmatch(folder.name)
        if named is None:
            problems.add(folder, 0, "непонятное имя папки главы", "назовите её так: «05-fault-tolerance»")
            continue
        number, slug = int(named[1]), named[2]
        if number in numbers:
            problems.add(folder, 0, f"глава {number} уже есть: {numbers[number].name}", "смените номер")
        numbers[number] = folder
        title, aim, planned = _planned(folder, problems)
        lessons = tuple(
            lesson for lesson in _lessons(folder, problems) if drafts or not lesson.front.data.get("draft")
        )
        written = {lesson.slug for lesson in lessons}
        planned = tuple(plan for plan in planned if plan.slug not in written)
        taken: dict[int, str] = {}
        places = [(x.number, x.slug) for x in lessons] + [(x.number, x.slug) for x in planned]
        for place, lesson_slug in places:
            where = folder / "chapter.toml"
            if lesson_slug in seen:
                problems.add(
                    where, 0, f"урок «{lesson_slug}» уже есть в {seen[lesson_slug].name}", "смените slug"
                )
            if place in taken:
                remedy = "смените номер одного из них"
                problems.add(where, 0, f"номер {place} и у «{taken[place]}», и у «{lesson_slug}»", remedy)
            seen[lesson_slug], taken[place] = folder, lesson_slug
        chapters.append(ChapterFolder(folder, number, slug, title, aim, lessons, planned))
    return tuple(chapters)


def _lessons(chapter: Path, problems: Problems) -> Iterator[LessonFolder]:
    for folder in sorted(
        path for path in chapter.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))
    ):
        named = _FOLDER.fullmatch(folder.name)
        if named is None:
            problems.add(folder, 0, "непонятное имя папки урока", "назовите её так: «01-circuit-breaker»")
            continue
        yield LessonFolder(folder, int(named[1]), named[2], _digest(folder), read(folder, problems.root))
