"""What must hold for every lesson, whoever wrote it. New folders are found by themselves."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from tests.content.lessons import LESSONS, Event, Lesson, begin_the_usual

FILES = (
    "lesson.md",
    "predict.toml",
    "quiz.toml",
    "demo.toml",
    "demo.py",
    "reference.py",
    "naive.py",
    "scene.js",
    "recording.jsonl.gz",
    "exercise/task.md",
    "exercise/hints.md",
    "exercise/starter.py",
    "exercise/cases.py",
)
TEXTS = ("lesson.md", "predict.toml", "quiz.toml", "demo.toml", "exercise/task.md", "exercise/hints.md")
RUNTIME_KINDS = {"run.started", "run.ended", "control.set", "out"}
# Words that are always wrong without their ё.
WITHOUT_YO = re.compile(
    r"\b(еще|ее|нее|причем|счет|счета|счетчик\w*|учет\w*|объем\w*|прием|трех|четырех|"
    r"идет|придет|пойдет|найдет|дойдет|пройдет|ждет|зовет|дает|живет|ведет|растет|поймет|вернет|начнет|"
    r"вернется|начнется|разомкнется|замкнется|придется|остается|дается|легкий|темный)\b",
    re.IGNORECASE,
)
OFFICIALESE = re.compile(
    r"\b(является|являются|данный|данная|данное|данные методы|осуществля\w+|в рамках|"
    r"в настоящее время|имеет место|посредством|вышеуказанн\w+|с целью)\b",
    re.IGNORECASE,
)

every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=str)


@pytest.fixture(scope="module", autouse=True)
def _real_runs(request: pytest.FixtureRequest) -> None:
    """Lessons with real components take as long as their demos: all of them begin together."""
    chosen = [getattr(item, "callspec", None) for item in request.session.items]
    for lesson in {spec.params["lesson"] for spec in chosen if spec and "lesson" in spec.params}:
        begin_the_usual(lesson)


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`]*`", "`код`", text, flags=re.DOTALL)


def numbered(text: str, pattern: re.Pattern[str]) -> list[str]:
    return [f"{n}: {m[0]!r}" for n, line in enumerate(text.splitlines(), 1) for m in pattern.finditer(line)]


def undeclared(lesson: Lesson, events: list[Event]) -> list[Event]:
    """Events that demo.toml does not know, or knows with other fields."""
    declared = {kind: set(spec["fields"]) for kind, spec in lesson.demo["kinds"].items()}
    return [
        event
        for event in events
        if event["kind"] not in RUNTIME_KINDS
        and event.keys() - {"seq", "t", "kind"} != declared.get(event["kind"])
    ]


def key_kinds(lesson: Lesson, events: list[Event]) -> set[str]:
    """The kinds of key moments that these events hold."""
    return {event["kind"] for event in events} & lesson.key_kinds


def test_there_are_lessons() -> None:
    assert LESSONS


@every_lesson
def test_a_lesson_has_all_its_parts(lesson: Lesson) -> None:
    missing = [name for name in FILES if not (lesson.folder / name).is_file()]
    assert not missing
    assert len(list((lesson.folder / "exercise" / "wrong").glob("*.py"))) >= 4


@every_lesson
def test_all_python_of_a_lesson_compiles(lesson: Lesson) -> None:
    for path in lesson.folder.rglob("*.py"):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")


@every_lesson
def test_the_reference_is_strictly_typed(lesson: Lesson, tmp_path: Path) -> None:
    (tmp_path / "reference.py").write_text(lesson.code("reference.py"))
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "reference.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@every_lesson
def test_the_reference_is_read_in_one_sitting(lesson: Lesson) -> None:
    assert 40 <= lesson.code("reference.py").count("\n") <= 150


@every_lesson
def test_everything_public_in_the_reference_says_what_it_is(lesson: Lesson) -> None:
    module = lesson.module("reference.py")
    own = {n: x for n, x in vars(module).items() if getattr(x, "__module__", None) == module.__name__}
    public = {n: x for n, x in own.items() if not n.startswith("_") and isinstance(x, type)}
    public |= {
        f"{n}.{m}": x
        for n, kind in list(public.items())
        for m, x in vars(kind).items()
        if not m.startswith("_") and (callable(x) or isinstance(x, property))
    }
    assert module.__doc__
    assert not [name for name, thing in public.items() if not thing.__doc__]


@every_lesson
def test_the_recording_is_what_the_reference_does_today(lesson: Lesson) -> None:
    """Byte for byte in virtual time. A real run repeats only its story: what key moments there are."""
    story = lesson.demo.get("recording", {})
    today = lesson.run(story.get("variant", "reference"), tuple(map(tuple, story.get("script", ()))))
    if lesson.real:
        assert key_kinds(lesson, lesson.recording) == key_kinds(lesson, today)
    else:
        assert lesson.recording == today


@every_lesson
def test_the_recording_is_well_formed(lesson: Lesson) -> None:
    events, demo = lesson.recording, lesson.demo
    defaults = {c["name"]: c["default"] for c in demo["controls"] if "default" in c}
    told = {"seed": demo["seed"], "duration": demo["duration"], "clock": demo["clock"], "controls": defaults}
    assert events[0] == {"seq": 1, "t": 0.0, "kind": "run.started", **told}
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert all(before["t"] <= after["t"] for before, after in pairwise(events))
    assert events[-1]["kind"] == "run.ended"
    assert events[-1]["state"] == "finished"
    assert events[-1]["t"] <= demo["duration"]
    assert not undeclared(lesson, events)
    script = [tuple(cue) for cue in demo.get("recording", {}).get("script", ())]
    moved = [e for e in events if e["kind"] == "control.set" and e.get("by") != "story"]
    assert [(e["name"], e["value"]) for e in moved] == [(name, value) for _, name, value in script]


@every_lesson
def test_the_recording_is_light(lesson: Lesson) -> None:
    assert (lesson.folder / "recording.jsonl.gz").stat().st_size <= 60 * 1024


@every_lesson
@pytest.mark.parametrize("variant", ["reference", "naive"])
def test_the_demo_runs_to_its_end_and_says_only_what_it_declared(lesson: Lesson, variant: str) -> None:
    events = lesson.run(variant)
    assert not undeclared(lesson, events)
    assert events[-1]["state"] == "finished"


@every_lesson
def test_the_demo_is_not_faster_than_the_eye(lesson: Lesson) -> None:
    events = lesson.run("reference")
    per_second = Counter(int(event["t"]) for event in events)
    assert len(events) / lesson.demo["duration"] <= 50
    assert max(per_second.values()) <= 100


@every_lesson
def test_the_naive_variant_lives_another_life_in_the_same_world(lesson: Lesson) -> None:
    """In real time every run is another one, so there the key moments must differ, not only their times."""

    def told(variant: str) -> object:
        events = [event for event in lesson.run(variant) if event["kind"] not in RUNTIME_KINDS]
        if not lesson.real:
            return [{**event, "seq": 0} for event in events]
        return Counter(event["kind"] for event in events if event["kind"] in lesson.key_kinds)

    assert told("naive") != told("reference")


@every_lesson
def test_every_control_at_its_ends_leaves_the_demo_running(lesson: Lesson) -> None:
    for controls in lesson.ends():
        assert lesson.run("reference", **controls)[-1]["state"] == "finished"


@every_lesson
def test_the_text_is_as_long_as_one_reading(lesson: Lesson) -> None:
    words = re.findall(r"[А-Яа-яЁёA-Za-z][\w-]*", lesson.prose)
    assert 900 <= len(words) <= 1800


@every_lesson
@pytest.mark.parametrize("name", TEXTS)
def test_the_text_is_typeset_as_russian(lesson: Lesson, name: str) -> None:
    text = without_code(lesson.text(name))
    faults = {
        "нет буквы ё": numbered(text, WITHOUT_YO),
        "канцелярит": numbered(text, OFFICIALESE),
        "два пробела": numbered(text, re.compile(r"(?<=\S) {2,}(?=\S)")),
        "пробел перед знаком": numbered(text, re.compile(r"[а-яё»] [,.;:!?](?![\w.])", re.IGNORECASE)),
        "пробел в конце строки": numbered(text, re.compile(r"[ \t]+$")),
        "дефис вместо тире": numbered(text, re.compile(r"[а-яё»] -{1,2} [«а-яё]", re.IGNORECASE)),
        "прямые кавычки": numbered(text, re.compile(r'"[А-Яа-яё]')) if name.endswith(".md") else [],
        "три точки": numbered(text, re.compile(r"\.\.\.")),
    }
    if name == "lesson.md":
        faults["прямые кавычки"] = numbered(without_code(lesson.prose), re.compile(r'"[А-Яа-яё]|[а-яё]"'))
    assert text.count("«") == text.count("»")
    assert not {what: where for what, where in faults.items() if where}
