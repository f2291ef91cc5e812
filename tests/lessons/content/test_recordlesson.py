"""`recordlesson`: the reference, run for real outside the jail, kept beside the lesson."""

from __future__ import annotations

import gzip
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from lessons.loader import load_course
from tests.lessons.content.course import Course


def test_the_story_is_recorded(course: Course) -> None:
    call_command("recordlesson", "counter", root=course.root, stdout=StringIO())
    lines = gzip.decompress(course.path("recording.jsonl.gz").read_bytes()).decode().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["kind"] for event in events] == [
        "run.started", "count.up", "count.up", "control.set", "run.ended",
    ]  # fmt: skip
    assert events[3]["t"] == 1.5


def test_recording_again_gives_the_same_bytes(course: Course) -> None:
    call_command("recordlesson", "counter", root=course.root, stdout=StringIO())
    first = course.path("recording.jsonl.gz").read_bytes()
    out = StringIO()
    call_command("recordlesson", "counter", root=course.root, stdout=out)
    assert course.path("recording.jsonl.gz").read_bytes() == first
    assert "та же" in out.getvalue()


@pytest.mark.django_db
def test_what_was_recorded_can_be_loaded(course: Course) -> None:
    call_command("recordlesson", "counter", root=course.root, stdout=StringIO())
    assert "counter" in load_course().changed


def test_real_components_are_recorded_in_a_jail(course: Course) -> None:
    course.swap("demo.toml", 'clock = "virtual"', 'clock = "real"')
    course.swap("demo.py", "import asyncio\n", "import asyncio\nimport os\n\nimport httpx\n")
    course.swap("demo.py", "    for n", "    print(os.uname().nodename, httpx.codes.OK)\n    for n")
    call_command("recordlesson", "counter", root=course.root, stdout=StringIO())
    lines = gzip.decompress(course.path("recording.jsonl.gz").read_bytes()).decode().splitlines()
    events = [json.loads(line) for line in lines]
    assert [event["kind"] for event in events] == [
        "run.started", "out", "count.up", "count.up", "control.set", "run.ended",
    ]  # fmt: skip
    assert events[0]["clock"] == "real"
    assert events[1]["text"] == "poligon 200"  # the jail's own name
    assert events[4]["t"] >= 1.5


def test_a_failing_reference_is_not_recorded(course: Course) -> None:
    before = course.path("recording.jsonl.gz").read_bytes()
    course.swap("reference.py", "return range", "raise ValueError  # ")
    with pytest.raises(CommandError, match="не годится"):
        call_command("recordlesson", "counter", root=course.root, stdout=StringIO())
    assert course.path("recording.jsonl.gz").read_bytes() == before


def test_an_unknown_lesson_is_named_with_those_there_are(course: Course) -> None:
    with pytest.raises(CommandError, match="Есть такие: counter"):
        call_command("recordlesson", "nope", root=course.root)
