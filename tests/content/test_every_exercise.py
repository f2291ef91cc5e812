"""What must hold for every exercise: its cases let pass what is right, and catch what they say they catch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.judge.grading import load
from tests.content.lessons import LESSONS, Event, Lesson

EXERCISES = [lesson for lesson in LESSONS if (lesson.folder / "exercise" / "cases.py").exists()]
WRONG = [
    pytest.param(lesson, path, id=f"{lesson}-{path.stem}")
    for lesson in EXERCISES
    for path in sorted((lesson.folder / "exercise" / "wrong").glob("*.py"))
]
# Every public function and method does its work, and then gives something else.
SPOILED = """

import functools
import inspect


def spoiled(function):
    @functools.wraps(function)
    async def later(*args, **kwargs):
        await function(*args, **kwargs)
        return {value}

    @functools.wraps(function)
    def now(*args, **kwargs):
        function(*args, **kwargs)
        return {value}

    return later if inspect.iscoroutinefunction(function) else now


for name, found in [*globals().items()]:
    if name.startswith("_") or getattr(found, "__module__", "") != __name__ or found is spoiled:
        continue
    if inspect.isfunction(found):
        globals()[name] = spoiled(found)
    elif inspect.isclass(found) and not issubclass(found, BaseException):
        for part, held in [*vars(found).items()]:
            if inspect.isfunction(held) and not part.startswith("_"):
                setattr(found, part, spoiled(held))
"""
UNLOADED = ("решение не загру", "решение не компил")

every_exercise = pytest.mark.parametrize("lesson", EXERCISES, ids=str)


def verdict(log: list[Event]) -> Event:
    (told,) = [event for event in log if event["kind"] == "verdict"]
    return told


def failures(log: list[Event]) -> list[Event]:
    """The failed cases; none of them may be the course's own fault."""
    failed = [event for event in log if event["kind"] == "case.failed"]
    assert not [event for event in failed if event.get("ours")], failed
    return failed


def names(lesson: Lesson) -> dict[str, str]:
    """The cases' functions by their titles."""
    return {spec.title: spec.name for spec in load(lesson.text("exercise/cases.py"))}


@every_exercise
def test_there_are_cases_and_hints_enough(lesson: Lesson) -> None:
    assert len(names(lesson)) >= 8
    assert lesson.text("exercise/hints.md").count("\n## ") + 1 >= 3


@every_exercise
@pytest.mark.parametrize("seed", [1, 7])
def test_the_solution_passes_every_case(lesson: Lesson, seed: int) -> None:
    log = lesson.judged(lesson.solution, seed)
    assert not failures(log)
    assert verdict(log)["ok"] is True


@every_exercise
def test_the_starter_runs_and_does_not_pass(lesson: Lesson) -> None:
    log = lesson.judged(lesson.code("exercise/starter.py"))
    assert failures(log)
    assert not [event for event in failures(log) if event["message"].startswith(UNLOADED)]


@every_exercise
def test_the_naive_variant_does_not_pass(lesson: Lesson) -> None:
    assert failures(lesson.judged(lesson.code("naive.py")))


@pytest.mark.parametrize(("lesson", "path"), WRONG)
def test_a_wrong_solution_is_caught_by_the_case_that_is_aimed_at_it(lesson: Lesson, path: Path) -> None:
    log = lesson.judged(path.read_text(encoding="utf-8"))
    called = names(lesson)
    aimed = {spec.name for spec in load(lesson.text("exercise/cases.py")) if path.stem in spec.fails}
    assert aimed
    assert aimed <= {called[event["title"]] for event in failures(log)}


@pytest.mark.parametrize(("lesson", "path"), WRONG)
def test_a_failure_is_told_in_events_that_the_scene_knows(lesson: Lesson, path: Path) -> None:
    declared = lesson.demo["kinds"]
    log = lesson.judged(path.read_text(encoding="utf-8"))
    for event in log:
        if event["kind"] == "case.trace" and event["event_kind"] != "out":
            assert set(json.loads(event["event"])) == set(declared[event["event_kind"]]["fields"]), event


@every_exercise
@pytest.mark.parametrize(
    "value", ["None", "[[]]", "'\\ud800\\u202e'"], ids=["nothing", "unhashable", "no text"]
)
def test_a_result_of_the_wrong_type_is_never_told_as_our_fault(lesson: Lesson, value: str) -> None:
    log = lesson.judged(lesson.solution + SPOILED.format(value=value))
    assert failures(log)
    json.dumps(log, ensure_ascii=False).encode()


@every_exercise
def test_failures_can_be_watched(lesson: Lesson) -> None:
    """Not all of them: a constructor that takes nonsense has nothing to show. But most."""
    wrong = [path.read_text(encoding="utf-8") for path in (lesson.folder / "exercise" / "wrong").glob("*.py")]
    traced = [any(event["kind"] == "case.trace" for event in lesson.judged(code)) for code in wrong]
    assert sum(traced) > len(traced) / 2
