"""Two runs of one lesson side by side: `/compare/?a=…&b=…&t=…`.

A side is the id of a run, or `recording` for what the lesson ships with. Whoever has the links may look.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from lessons.loader.recording import moments
from lessons.models.content import Lesson
from lessons.models.work import LessonRun, Variant
from lessons.views import blocks
from lessons.views.runs import EVENTS_READ, MOMENTS_SHOWN, moment
from lessons.views.shared import refusal
from lessons.work import owners, runs
from lessons.work.errors import BadRequest, NotFound, WorkError
from lessons.work.owners import Owner
from sandbox import states

RECORDING = "recording"
RUNS_OFFERED = 20


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Both pictures and the table of events; without JavaScript, the key moments of each."""
    owner = owners.of_request(request)
    try:
        lesson, sides = _sides(request)
    except WorkError as error:
        return refusal(request, error)
    spec = blocks.full_spec(lesson)
    t = moment(request)
    context = {
        "lesson": lesson,
        "sides": sides,
        "offered": _offered(owner, lesson, [side["key"] for side in sides]),
        "spec_json": blocks.script_json(
            {
                "spec": spec,
                "sides": [
                    {k: side[k] for k in ("id", "title", "note", "recording", "socket")} for side in sides
                ],
                "t": float(t) if t else None,
            }
        ),
    }
    return render(request, "lessons/compare.html", context)


def _sides(request: HttpRequest) -> tuple[Lesson, list[dict[str, Any]]]:
    """The lesson and its two sides. Raises WorkError."""
    keys = [request.GET.get(name, "") for name in ("a", "b")]
    if not all(keys):
        raise BadRequest("Чтобы сравнить, нужны два прогона: выберите их на\u00a0странице любого из них.")
    found = {key: runs.get(key) for key in keys if key != RECORDING}
    slugs = {run.lesson for run in found.values()} | (
        {request.GET["lesson"]} if "lesson" in request.GET else set()
    )
    if len(slugs) != 1:
        raise BadRequest("Сравнить можно только прогоны одного урока.")
    lesson = Lesson.objects.select_related("chapter").filter(slug=slugs.pop(), has_demo=True).first()
    if lesson is None:
        raise NotFound("Урока, в\u00a0котором запускали эти прогоны, в\u00a0курсе больше нет.")
    sides = [_recorded(lesson) if key == RECORDING else _ran(lesson, found[key]) for key in keys]
    if sides[0]["title"] == sides[1]["title"]:
        for letter, side in zip(("А", "Б"), sides, strict=True):
            side["title"] += f" ({letter})"
    return lesson, sides


def _recorded(lesson: Lesson) -> dict[str, Any]:
    address = blocks.full_spec(lesson)["recording"]
    if address is None:
        raise NotFound("Записи у\u00a0этого урока нет.")
    return {
        "key": RECORDING,
        "id": None,
        "title": "Запись эталона",
        "note": "Запись",
        "recording": address,
        "socket": None,
        "url": lesson.get_absolute_url() + "#demo",
        "moments": lesson.page.get("moments", []),
    }


def _ran(lesson: Lesson, found: LessonRun) -> dict[str, Any]:
    live = found.run.state in states.LIVE_STATES
    events = (json.loads(line) for line in islice(found.run.events(), EVENTS_READ))
    return {
        "key": found.pk,
        "id": found.pk,
        "title": _title(lesson, found),
        "note": "Идёт" if live else "Прогон",
        "recording": None,
        "socket": runs.socket(found.pk) if live else None,
        "url": runs.url(found.pk),
        "moments": [] if live else moments(events, lesson.spec)[:MOMENTS_SHOWN],
    }


def _title(lesson: Lesson, found: LessonRun) -> str:
    labels = {item["name"]: item["label"] for item in lesson.spec.get("variants", [])}
    return labels.get(found.variant) or str(Variant(found.variant).label)


def _offered(owner: Owner, lesson: Lesson, chosen: list[str]) -> list[dict[str, str]]:
    """What either side may be changed to: the recording, the two chosen, the reader's latest runs."""
    offered = [{"key": RECORDING, "label": "Запись эталона"}] if lesson.recording_id else []
    own = (
        LessonRun.objects.filter(owner.where(), lesson=lesson.slug)
        if owner.known
        else LessonRun.objects.none()
    )
    rows = list(own.exclude(variant=Variant.CASE).order_by("-created")[:RUNS_OFFERED])
    known = {row.pk for row in rows}
    rows += LessonRun.objects.filter(pk__in=[key for key in chosen if key not in known])
    for row in rows:
        when = row.created.strftime("%d.%m, %H:%M")
        offered.append({"key": row.pk, "label": f"{_title(lesson, row)}, {when}"})
    return offered
