"""A course of one small lesson, put into the database as `loadcourse` would, and runs that ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from lessons.models import Chapter, Lesson
from sandbox import runs, signals
from sandbox.models import Run

SLUG = "circuit-breaker"
CONTROLS = [
    {
        "name": "error_rate",
        "kind": "slider",
        "label": "Ошибки",
        "min": 0,
        "max": 100,
        "step": 5,
        "default": 5,
    },
    {"name": "down", "kind": "switch", "label": "Сервис лежит", "default": False},
]


@pytest.fixture
def lesson(db: None) -> Lesson:
    """A lesson with a demo, an exercise of two cases, one prediction and one quiz question."""
    chapter = Chapter.objects.create(
        slug="fault-tolerance", number=5, title="Отказоустойчивость", aim="Зачем"
    )
    spec = {
        "title": "Предохранитель",
        "scene": SLUG,
        "clock": "virtual",
        "duration": 40.0,
        "seed": 7,
        "prompt": "Уроните сервис",
        "controls": CONTROLS,
        "variants": [
            {"name": "reference", "label": "Эталон", "code": "STATE = 'reference'\n"},
            {"name": "naive", "label": "Наивная версия", "code": "STATE = 'naive'\n"},
        ],
        "recording": None,
        "kinds": {},
        "names": {},
    }
    return Lesson.objects.create(
        chapter=chapter,
        slug=SLUG,
        number=1,
        title="Circuit breaker",
        aim="Размыкать цепь вовремя",
        has_demo=True,
        has_exercise=True,
        spec=spec,
        files={"demo.py": "async def scenario(lab): ...\n"},
        page={
            "exercise": {
                "task": "<p>Напишите предохранитель</p>",
                "starter": "# начните здесь\n",
                "hints": [],
                "cases": ["Размыкается", "Замыкается"],
            },
            "quiz": [{"id": "why", "kind": "one"}],
            "predict": {"when": {"kind": "number"}},
        },
        private={"cases": "SECRET CASES", "solution": "SECRET SOLUTION"},
    )


def passed(n: int, title: str) -> dict[str, Any]:
    return {"kind": "case.passed", "n": n, "title": title, "ms": 3}


def failed(n: int, title: str, **more: Any) -> dict[str, Any]:
    told = {"message": "состояние после трёх ошибок", "expected": "open", "got": "closed", "at": 1.5}
    return {
        "kind": "case.failed",
        "n": n,
        "title": title,
        "inputs": ["threshold = 3"],
        "hint": None,
        **told,
        **more,
    }


def trace(n: int, at: float, kind: str, **event: Any) -> dict[str, Any]:
    return {"kind": "case.trace", "case": n, "at": at, "event_kind": kind, "event": json.dumps(event)}


STARTED = {"kind": "judge.started", "cases": ["Размыкается", "Замыкается"]}


def end(
    run_id: str, *events: dict[str, Any], state: str = "finished", reason: str = "done", text: str = ""
) -> Run:
    """End a run as the registrar does: row, archive, signal. `events` are without seq and t."""
    run = Run.objects.get(pk=run_id)
    whole = [
        {"kind": "run.started", "seed": 1, "duration": 0, "clock": "virtual", "controls": {}},
        *events,
        {"kind": "run.ended", "state": state, "reason": reason, "text": text},
    ]
    lines = [
        json.dumps({"seq": seq, "t": 0.0, **event}, ensure_ascii=False).encode()
        for seq, event in enumerate(whole, 1)
    ]
    run.state, run.reason, run.text, run.last_seq = state, reason, text, len(lines)
    run.archive = runs.archive(lines)
    run.ended = timezone.now()
    run.save()
    signals.run_ended.send(sender=Run, run=run)
    return run
