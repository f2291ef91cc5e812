"""How far a reader is: read, predicted, answered, solved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from lessons import catalog
from lessons.models.work import Progress
from lessons.work.errors import BadRequest, NotFound
from lessons.work.owners import Owner

MAX_ANSWER = 4096  # bytes of JSON for one answer; real ones take tens


def of(owner: Owner, lesson: str) -> Progress | None:
    return Progress.objects.filter(owner.where(), lesson=lesson).first()


def describe(progress: Progress | None) -> dict[str, Any]:
    """The JSON of the API; nothing done yet gives empty values."""
    if progress is None:
        return {"read": False, "predicted": {}, "quiz": {}, "solved": False, "place": ""}
    return {
        "read": progress.read_at is not None,
        "predicted": progress.predicted,
        "quiz": progress.quiz,
        "solved": progress.solved_at is not None,
        "place": progress.place,
    }


def everywhere(owner: Owner) -> dict[str, dict[str, Any]]:
    """Slug → how far the reader is there, the latest lesson first; counts instead of answers."""
    if not owner.known:
        return {}
    return {
        row.lesson: {
            "read": row.read_at is not None,
            "solved": row.solved_at is not None,
            "predicted": len(row.predicted),
            "answered": len(row.quiz),
            "place": row.place,
        }
        for row in Progress.objects.filter(owner.where()).order_by("-updated")
    }


@transaction.atomic
def save(
    owner: Owner,
    lesson: str,
    *,
    read: bool | None = None,
    predicted: Mapping[str, Any] | None = None,
    quiz: Mapping[str, Any] | None = None,
    place: str | None = None,
) -> Progress:
    """Add what the reader just did. Answers are merged by question; `read=False` takes the mark back.

    `place` is the anchor of the heading they stopped at.
    Raises NotFound for an unknown lesson, BadRequest for a question or a heading the lesson does not have.
    """
    try:
        predictions = set(catalog.predictions(lesson)) if predicted else set()
        questions = {str(question["id"]) for question in catalog.quiz(lesson)} if quiz else set()
        catalog.lesson(lesson)
        anchors = catalog.anchors(lesson) if place else {""}
    except catalog.Unknown as error:
        raise NotFound(str(error)) from error
    _check_answers("predicted", predicted, predictions)
    _check_answers("quiz", quiz, questions)
    if place and place not in anchors:
        raise BadRequest("Такого раздела в\u00a0уроке нет.", fields={"place": place})
    if not owner.known:
        raise ValueError("progress needs an owner: ask owners.of_request(create=True)")
    progress, _ = Progress.objects.select_for_update().get_or_create(**owner.columns(), lesson=lesson)
    if read is not None:
        progress.read_at = (progress.read_at or timezone.now()) if read else None
    progress.predicted = {**progress.predicted, **(predicted or {})}
    progress.quiz = {**progress.quiz, **(quiz or {})}
    progress.place = progress.place if place is None else place
    progress.save()
    return progress


def _check_answers(field: str, answers: Mapping[str, Any] | None, known: set[str]) -> None:
    for name, answer in (answers or {}).items():
        if name not in known:
            raise BadRequest("Такого вопроса в\u00a0уроке нет.", fields={field: name})
        if len(json.dumps(answer)) > MAX_ANSWER:
            raise BadRequest("Слишком длинный ответ.", fields={field: name})


def solve(user_id: int, lesson: str) -> None:
    """Mark the exercise solved, once: the first time counts."""
    progress, _ = Progress.objects.get_or_create(user_id=user_id, lesson=lesson)
    if progress.solved_at is None:
        progress.solved_at = timezone.now()
        progress.save(update_fields=("solved_at", "updated"))
