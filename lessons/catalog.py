"""The course, to read: what other parts may ask of the content that is live now.

    from lessons import catalog
    catalog.lesson("circuit-breaker").title

Nothing here reads files or writes. Unknown lessons and variants raise `Unknown` (a LookupError whose text
is Russian and fit to show).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

from lessons.controls import BadControls, clean_controls, clean_script
from lessons.models.content import Chapter, Lesson, Status

__all__ = [
    "BadControls",
    "Demo",
    "Exercise",
    "LessonEntry",
    "Spec",
    "Unknown",
    "anchors",
    "chapters",
    "clean_controls",
    "clean_script",
    "demo",
    "demo_files",
    "demo_spec",
    "exercise",
    "glossary",
    "lesson",
    "predictions",
    "quiz",
    "starter",
    "titles",
]


class Unknown(LookupError):
    """No such lesson, or the lesson has no such part. `str()` is a Russian sentence for the reader."""


class ControlSpec(TypedDict):
    """One control of a demo, as declared in demo.toml."""

    name: str
    kind: Literal["slider", "switch", "choice", "button"]
    label: str
    default: NotRequired[bool | int | float | str]
    min: NotRequired[float]
    max: NotRequired[float]
    step: NotRequired[float]
    unit: NotRequired[str]
    format: NotRequired[str]
    help: NotRequired[str]
    options: NotRequired[list[dict[str, str]]]
    tone: NotRequired[Literal["ok", "fail"]]


class VariantSpec(TypedDict):
    """One variant of the code. `code` is the text the editor shows."""

    name: str
    label: str
    code: str
    note: NotRequired[str]


class KindSpec(TypedDict):
    """One kind of event: its Russian label and the names of its fields."""

    label: str
    fields: list[str]
    say: NotRequired[str]
    key: NotRequired[bool]


class Spec(TypedDict):
    """The demo as the page's `data-spec` holds it (docs/contracts.md). `duration` is in scenario seconds."""

    title: str
    scene: str
    clock: Literal["virtual", "real"]
    duration: float
    seed: int
    prompt: str
    packages: list[str]
    controls: list[ControlSpec]
    variants: list[VariantSpec]
    recording: str | None
    kinds: dict[str, KindSpec]
    names: dict[str, str]


@dataclass(frozen=True, slots=True)
class LessonEntry:
    """A line of the contents. `number` is «5.1»."""

    slug: str
    number: str
    title: str
    aim: str
    minutes: int
    ready: bool
    has_demo: bool
    has_exercise: bool


@dataclass(frozen=True, slots=True)
class ChapterEntry:
    """A chapter of the contents with its lessons in order."""

    slug: str
    number: int
    title: str
    aim: str
    lessons: tuple[LessonEntry, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """What a DemoJob needs beside the run's own choices. `duration` is in scenario seconds."""

    title: str
    seed: int
    duration: float
    clock: Literal["virtual", "real"]
    controls: dict[str, bool | int | float | str]
    files: dict[str, str]
    declared: list[Any]  # the controls as the spec declares them
    packages: list[str]  # imported before the code


@dataclass(frozen=True, slots=True)
class Exercise:
    """The exercise. `case_source` and `props_source` are for JudgeJob only and must never reach a browser."""

    task: str
    starter: str
    hints: tuple[dict[str, str], ...]
    cases: tuple[str, ...]
    case_source: str
    solution: str
    props_source: str  # empty when the cases need no real parts
    packages: list[str]


_ENTRY = (
    "slug", "number", "title", "aim", "minutes", "status", "has_demo", "has_exercise",
    "chapter__number", "chapter__slug",
)  # fmt: skip


def _entry(row: Lesson) -> LessonEntry:
    return LessonEntry(
        slug=row.slug,
        number=f"{row.chapter.number}.{row.number}",
        title=row.title,
        aim=row.aim,
        minutes=row.minutes,
        ready=row.status == Status.READY,
        has_demo=row.has_demo,
        has_exercise=row.has_exercise,
    )


_kept: dict[str, Lesson] = {}


def _row(slug: str) -> Lesson:
    """A lesson with all its texts, kept in memory while its digest in the database stays the same.

    A run's start asks three times; reading a hundred kilobytes of JSON each time was a third of the answer.
    """
    found = Lesson.objects.filter(slug=slug).values_list("pk", "digest").first()
    if found is None:
        raise Unknown(f"Урока «{slug}» в курсе нет.")
    row = _kept.get(slug)
    if row is None or not row.digest or (row.pk, row.digest) != found:
        row = Lesson.objects.select_related("chapter").get(pk=found[0])
        _kept[slug] = row
    return row


def chapters() -> tuple[ChapterEntry, ...]:
    """The whole table of contents, planned lessons included. Two queries."""
    rows = Lesson.objects.select_related("chapter").only(*_ENTRY)
    by_chapter: dict[str, list[LessonEntry]] = {}
    for row in rows:
        by_chapter.setdefault(row.chapter.slug, []).append(_entry(row))
    return tuple(
        ChapterEntry(c.slug, c.number, c.title, c.aim, tuple(by_chapter.get(c.slug, ())))
        for c in Chapter.objects.all()
    )


def lesson(slug: str) -> LessonEntry:
    """One lesson's line of the contents, planned ones too. Raises Unknown."""
    row = Lesson.objects.select_related("chapter").only(*_ENTRY).filter(slug=slug).first()
    if row is None:
        raise Unknown(f"Урока «{slug}» в курсе нет.")
    return _entry(row)


def titles() -> dict[str, str]:
    """slug → «5.1 Circuit breaker», every lesson in order, planned ones too. One query."""
    rows = Lesson.objects.order_by("chapter__number", "number")
    fields = rows.values_list("slug", "chapter__number", "number", "title")
    return {slug: f"{chapter}.{number} {title}" for slug, chapter, number, title in fields}


def anchors(slug: str) -> frozenset[str]:
    """The anchors of a lesson's headings. Raises Unknown."""
    return frozenset(heading["id"] for heading in _row(slug).page.get("headings", ()))


def glossary() -> list[dict[str, str]]:
    """Every term of the course by name: id, name, english (or ""), text (HTML), lesson, number, title."""
    rows = Lesson.objects.select_related("chapter").filter(status=Status.READY).only(*_ENTRY, "page")
    terms = [
        {**term, "lesson": row.slug, "number": f"{row.chapter.number}.{row.number}", "title": row.title}
        for row in rows
        for term in row.page.get("terms", ())
    ]
    return sorted(terms, key=lambda term: term["name"].lower().replace("ё", "е"))


def demo_spec(slug: str) -> Spec:
    """The demo's public description. Raises Unknown when the lesson has no demo."""
    row = _row(slug)
    if not row.spec:
        raise Unknown(f"В уроке «{row.title}» демонстрации нет.")
    spec: Spec = row.spec
    return spec


def demo_files(slug: str, variant: str, code: str | None = None) -> dict[str, str]:
    """The jail's working folder: `demo.py`, and as `reference.py` the variant or, for "mine", `code`.

    Raises Unknown for a lesson without a demo or an unknown variant, ValueError for "mine" without code.
    """
    return _files(_row(slug), variant, code)


def _files(row: Lesson, variant: str, code: str | None) -> dict[str, str]:
    if not row.spec:
        raise Unknown(f"В уроке «{row.title}» демонстрации нет.")
    if variant == "mine":
        if code is None:
            raise ValueError("variant 'mine' needs code")
        text = code
    else:
        known = {item["name"]: item["code"] for item in row.spec["variants"]}
        if variant not in known:
            raise Unknown(f"Варианта «{variant}» в уроке «{row.title}» нет.")
        text = known[variant]
    return {"demo.py": row.files["demo.py"], "reference.py": text}


def demo(slug: str, variant: str, code: str | None = None) -> Demo:
    """Everything a DemoJob takes from the content. Raises as `demo_files` does."""
    row = _row(slug)
    files = _files(row, variant, code)
    spec: Spec = row.spec
    declared = spec["controls"]
    defaults = {c["name"]: c["default"] for c in declared if "default" in c}
    return Demo(
        title=spec["title"],
        seed=spec["seed"],
        duration=spec["duration"],
        clock=spec["clock"],
        controls=defaults,
        files=files,
        declared=declared,
        packages=spec.get("packages", []),
    )


def exercise(slug: str) -> Exercise:
    """The exercise with its hidden cases. Raises Unknown when the lesson has none."""
    row = _row(slug)
    shown: dict[str, Any] | None = row.page.get("exercise")
    if shown is None:
        raise Unknown(f"В уроке «{row.title}» задания нет.")
    return Exercise(
        task=shown["task"],
        starter=shown["starter"],
        hints=tuple(shown["hints"]),
        cases=tuple(shown["cases"]),
        case_source=row.private["cases"],
        solution=row.private["solution"],
        props_source=row.private.get("props", ""),
        packages=row.spec.get("packages", []),
    )


def starter(slug: str, slot: str) -> str:
    """What an editor opens with: the reference ("demo") or the starter ("exercise"). Raises Unknown."""
    if slot == "exercise":
        return exercise(slug).starter
    return demo_files(slug, "reference")["reference.py"]


def quiz(slug: str) -> list[dict[str, Any]]:
    """Questions of the quiz with their answers, in order; empty when there is none. Raises Unknown."""
    questions: list[dict[str, Any]] = _row(slug).page.get("quiz", [])
    return questions


def predictions(slug: str) -> dict[str, dict[str, Any]]:
    """ "Predict first" questions by id; empty when there are none. Raises Unknown."""
    questions: dict[str, dict[str, Any]] = _row(slug).page.get("predict", {})
    return questions
