"""A run's page and a submission's page: permalinks that tell everything without JavaScript too."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from itertools import islice
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from lessons import catalog
from lessons.loader.recording import moments
from lessons.models.content import Lesson
from lessons.models.work import Grading, LessonRun, Slot, Variant
from lessons.views import blocks
from lessons.views.shared import refusal
from lessons.work import owners, runs, submissions, verdicts
from lessons.work.errors import WorkError
from sandbox import states

EVENTS_READ = 20_000  # of a log, to find its key moments
MOMENTS_SHOWN = 200
LOOK_AGAIN = 2  # s, at a solution that is being judged


@never_cache
@csrf_protect
@require_http_methods(["GET", "HEAD", "POST"])
def run(request: HttpRequest, run_id: str) -> HttpResponse:
    """One run: its picture, what it was started with, its key moments as a table. POST stops it."""
    owner = owners.of_request(request)
    try:
        if request.method == "POST":
            runs.stop(run_id, owner)
            return redirect("run", run_id=run_id)
        found = runs.get(run_id)
    except WorkError as error:
        return refusal(request, error)
    described = {**runs.describe(found, owner), "t": moment(request)}
    row = Lesson.objects.select_related("chapter").filter(slug=found.lesson).first()
    live = described["state"] in states.LIVE_STATES
    events: Iterable[dict[str, Any]] = (json.loads(line) for line in islice(found.run.events(), EVENTS_READ))
    case: dict[str, Any] | None = None
    if found.variant == Variant.CASE:
        events = whole = list(events)
        case = _case(found, owner, whole)
    context: dict[str, Any] = {
        "run": described,
        "live": live,
        "wait": runs.wait_in_words(described["wait"]),
        "owner_name": found.owner_name,
        "variant": Variant(found.variant).label,
        "case": case,
        "state": found.run.get_state_display(),
        "created": found.created,
        "t": described["t"],
        "lesson": row,
    }
    if row is not None and row.has_demo:
        told = [one for one in moments(events, row.spec) if case is None or one["kind"] != "run.ended"]
        context |= blocks.demo_context(row, described)
        context |= {
            "moments": told[:MOMENTS_SHOWN],
            "hidden_moments": max(0, len(told) - MOMENTS_SHOWN),
            "inputs": _inputs(row, described),
        }
    return render(request, "lessons/run.html", context)


def _case(found: LessonRun, owner: owners.Owner, events: list[dict[str, Any]]) -> dict[str, Any]:
    """The check that failed, as its log tells it, and the solution it was about, for those who may see it."""
    # Without a failure in the log (those made before it was written there) its last words are the message.
    failed = verdicts.failure(events) or {"message": events[-1].get("text") if events else found.run.text}
    seen = found.submission_id is not None and runs.shows_code(found, owner)
    return {
        **failed,
        "inputs": _lines(failed.get("inputs")),
        "submission_url": reverse("submission", args=[found.submission_id]) if seen else "",
    }


def moment(request: HttpRequest) -> str | None:
    """`?t=` in scenario seconds, as text with a point: a template would put a Russian comma."""
    try:
        t = float(request.GET.get("t", ""))
    except ValueError:
        return None
    return f"{t:g}" if 0 <= t < math.inf else None


def _lines(value: object) -> str:
    return "\n".join(str(item) for item in value) if isinstance(value, list) else str(value or "")


def _inputs(row: Lesson, described: dict[str, Any]) -> list[dict[str, Any]]:
    """What the controls stood at when the run began, in words."""
    shown = []
    for control in row.spec.get("controls", []):
        if control["name"] in described["controls"]:
            shown.append({"control": control, "value": described["controls"][control["name"]]})
    return shown


@never_cache
@require_safe
def submission(request: HttpRequest, pk: int) -> HttpResponse:
    """One solution: the code, and what each check said."""
    owner = owners.of_request(request)
    try:
        found = submissions.get(owner, pk)
    except WorkError as error:
        return refusal(request, error)
    try:
        entry = catalog.lesson(found.lesson)
    except catalog.Unknown as error:
        raise Http404(str(error)) from error
    described = submissions.describe(found)
    cases = [{**case, "inputs": _lines(case.get("inputs"))} for case in described["cases"]]
    for case in cases:
        if case["state"] == "failed":
            case["open"] = True  # one at a time: the first failure is the one to read
            break
    context = {
        "submission": {**described, "cases": cases},
        "row": found,
        "lesson": entry,
        "waiting": found.state == Grading.WAITING,
        "slot": Slot.EXERCISE,
        "attempts": submissions.attempts(owner, found.lesson)[:20],
    }
    response = render(request, "lessons/submission.html", context)
    if context["waiting"]:
        response["Refresh"] = str(LOOK_AGAIN)
    return response
