"""`newlesson`: the folder it makes works at once."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from lessons import catalog
from lessons.loader import load_course
from tests.content.lessons import Lesson
from tests.content.test_every_exercise import failures, names, verdict
from tests.lessons.content.course import Course

pytestmark = pytest.mark.django_db


@pytest.fixture
def made(course: Course) -> Lesson:
    call_command("newlesson", "counting", "later", stdout=StringIO())
    return Lesson(course.root / "01-counting" / "02-later")


def test_the_new_lesson_takes_the_place_title_and_aim_of_its_plan(made: Lesson) -> None:
    text = made.text("lesson.md")
    assert 'title = "Позже"' in text
    assert 'aim = "Когда-нибудь"' in text
    assert not list(made.folder.rglob("*.txt"))


def test_the_course_with_the_new_lesson_passes_every_check(
    made: Lesson, settings: pytest.FixtureRequest
) -> None:
    settings.LOCAL = True  # type: ignore[attr-defined]
    load_course()
    assert catalog.lesson("later").ready


def test_a_draft_is_shown_nowhere_but_at_home(made: Lesson) -> None:
    load_course()
    assert not catalog.lesson("later").ready


def test_its_recording_is_what_its_reference_does(made: Lesson) -> None:
    assert made.recording == made.run("reference")


def test_its_naive_variant_fails_in_the_same_world(made: Lesson) -> None:
    def refused(variant: str) -> int:
        return sum(event["kind"] == "call.refused" for event in made.run(variant))

    assert refused("naive") > refused("reference")


def test_its_exercise_lets_the_reference_pass(made: Lesson) -> None:
    assert verdict(made.judged(made.solution))["ok"] is True


def test_its_exercise_catches_the_starter_and_every_wrong_solution(made: Lesson) -> None:
    assert failures(made.judged(made.code("exercise/starter.py")))
    caught = {}
    for path in sorted((made.folder / "exercise" / "wrong").glob("*.py")):
        known = names(made)
        caught[path.stem] = {known[event["title"]] for event in failures(made.judged(path.read_text()))}
    assert caught == {
        "accepts_nonsense": {"nonsense_is_refused"},
        "keeps_failed": {"failure_leaves"},
        "one_too_many": {"limit_is_held"},
        "waits_when_full": {"limit_is_held"},
    }


def test_its_python_is_clean(made: Lesson) -> None:
    ruff = [sys.executable, "-m", "ruff", "check", "--config", "pyproject.toml", str(made.folder)]
    done = subprocess.run(ruff, cwd=Path(__file__).parents[3], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_a_lesson_outside_the_plan_needs_a_title(course: Course) -> None:
    with pytest.raises(CommandError, match="--title"):
        call_command("newlesson", "counting", "sooner")


def test_a_lesson_outside_the_plan_gets_the_next_number(course: Course) -> None:
    call_command("newlesson", "counting", "sooner", title="Раньше", stdout=StringIO())
    assert (course.root / "01-counting" / "03-sooner" / "recording.jsonl.gz").exists()


def test_an_existing_lesson_is_not_written_over(course: Course) -> None:
    with pytest.raises(CommandError, match="уже есть"):
        call_command("newlesson", "counting", "counter")


def test_an_unknown_chapter_is_named_with_those_there_are(course: Course) -> None:
    with pytest.raises(CommandError, match="counting, empty"):
        call_command("newlesson", "alchemy", "gold", title="Золото")
