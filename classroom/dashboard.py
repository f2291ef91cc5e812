"""The instructor's first page: what happens today, and what needs looking at."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from lessons import catalog
from lessons.models.work import Grading, Judging, LessonRun, Submission
from lessons.work import runs
from sandbox.models import Run

WEEK = timedelta(days=7)
RANKED = 8  # lines of a list; enough to act on, few enough to read
MEASURED = 500  # latest submissions that failing cases are counted over


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What unfold calls to fill `admin/index.html`. A user without the rights gets an empty page."""
    context["title"] = "Обзор"
    if request.user.has_perm("lessons.view_lessonrun"):
        context["runs"] = runs_today()
        context["ours"] = faults_of_ours()
    if request.user.has_perm("lessons.view_submission"):
        context["solutions"] = solutions()
        context["failing"] = failing_cases()
    return context


def runs_today() -> dict[str, Any]:
    """Demos people started since midnight by state, and how many wait right now. Judgings have a card of
    their own; what was cut out of failed checks nobody started."""
    demos = Run.objects.filter(kind=Run.Kind.DEMO)
    start = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    counted = dict(demos.filter(created__gte=start).values_list("state").annotate(n=Count("pk")).order_by())
    labels = dict(Run.State.choices)
    where = reverse("admin:lessons_lessonrun_changelist")
    return {
        "total": sum(counted.values()),
        "states": [
            {"state": state, "label": labels[state], "n": counted[state], "url": f"{where}?state={state}"}
            for state in Run.State.values
            if counted.get(state)
        ],
        "queue": demos.filter(state=Run.State.QUEUED).count(),
        "live": demos.filter(state__in=(Run.State.STARTING, Run.State.RUNNING)).count(),
        "url": where,
    }


def solutions() -> dict[str, Any]:
    """Submissions of the last seven days. The pass rate is over those judged; our faults do not count."""
    recent = Submission.objects.filter(created__gt=timezone.now() - WEEK)
    graded = recent.filter(state=Grading.GRADED)
    judged, passed = graded.count(), graded.filter(ok=True).count()
    return {
        "total": recent.count(),
        "waiting": Submission.objects.filter(state=Grading.WAITING).count(),
        "people": recent.values("user").distinct().count(),
        "judged": judged,
        "passed": passed,
        "rate": round(100 * passed / judged) if judged else None,
        "url": reverse("admin:lessons_submission_changelist"),
    }


def failing_cases() -> list[dict[str, Any]]:
    """What people stumble over: how many different people failed each case of late."""
    seen: set[tuple[int, str, str]] = set()
    latest = Submission.objects.filter(state=Grading.GRADED).values_list("user_id", "lesson", "cases")[
        :MEASURED
    ]
    for user, lesson, cases in latest:
        seen.update((user, lesson, case["title"]) for case in cases if case["state"] == "failed")
    ranked = Counter((lesson, title) for _, lesson, title in seen).most_common(RANKED)
    most = ranked[0][1] if ranked else 1
    titles = catalog.titles()
    return [
        {"lesson": titles.get(lesson, lesson), "title": title, "people": n, "percent": round(100 * n / most)}
        for (lesson, title), n in ranked
    ]


def faults_of_ours() -> list[dict[str, Any]]:
    """The latest runs that ended through our fault, judgings too."""
    broken = Run.objects.filter(reason="ours", created__gt=timezone.now() - WEEK).order_by("-created")[
        :RANKED
    ]
    ids = [run.pk for run in broken]
    titles = catalog.titles()
    known = {
        pk: (slug, runs.url(pk))
        for pk, slug in LessonRun.objects.filter(pk__in=ids).values_list("pk", "lesson")
    }
    judged = Judging.objects.filter(run__in=ids).values_list("run", "submission", "submission__lesson")
    for pk, submission, slug in judged:
        known[pk] = (slug, reverse("admin:lessons_submission_change", args=[submission]))
    lines = []
    for run in broken:
        slug, url = known.get(run.pk, (run.label, ""))
        lines.append({"run": run, "kind": run.get_kind_display(), "name": titles.get(slug, slug), "url": url})
    return lines
