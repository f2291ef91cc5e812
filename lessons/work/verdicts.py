"""A judging that has ended becomes a verdict, exactly once.

The judge's log is the truth: its `case.*` events make the table, its trace of each failed case is cut
out into a run of its own. Whatever went wrong on our side is never counted against the learner.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from lessons.models.work import Grading, Judging, LessonRun, Submission, Variant
from lessons.work import progress
from sandbox import runs as sandbox_runs
from sandbox.models import Run
from sandbox.states import Ending

log = logging.getLogger(__name__)

KEPT = ("message", "expected", "got", "inputs", "hint", "at", "ms", "seeds", "seeds_passed")
TOLD = ("n", "title", "message", "expected", "got", "inputs", "hint", "seeds", "seeds_passed")
OURS = (
    "Проверка не\u00a0состоялась по\u00a0нашей вине. Попытка не\u00a0засчитана, код сохранён: "
    "отправьте решение ещё раз."
)
STOPPED = "Проверку остановили. Попытка не\u00a0засчитана."
NOT_PASSED = "Проверка не\u00a0пройдена."
SKIPPED = "До\u00a0этой проверки дело не\u00a0дошло."


@dataclass(slots=True)
class Reading:
    """What a judge's log says. `cases` in order of `n`; `traces` by case number."""

    cases: dict[int, dict[str, Any]] = field(default_factory=dict)
    traces: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    ok: bool | None = None  # None: the judge did not come to a verdict
    ours: bool = False  # a check itself broke

    @property
    def passed(self) -> int:
        return sum(case["state"] == "passed" for case in self.cases.values())


def read(lines: Iterable[bytes]) -> Reading:
    """Read a judge's log. Unknown kinds are passed over."""
    reading = Reading()
    for line in lines:
        event = json.loads(line)
        kind = event["kind"]
        if kind == "judge.started":
            reading.cases = {
                n: {"n": n, "title": title, "state": "skipped", "message": SKIPPED}
                for n, title in enumerate(event["cases"], 1)
            }
        elif kind in ("case.passed", "case.failed"):
            _case(reading, event)
        elif kind == "case.trace":
            reading.traces.setdefault(event["case"], []).append(_traced(event))
        elif kind == "verdict":
            reading.ok = bool(event["ok"])
    return reading


def _case(reading: Reading, event: dict[str, Any]) -> None:
    n = int(event["n"])
    state = event["kind"].removeprefix("case.")
    reading.cases[n] = {
        "n": n,
        "title": event["title"],
        "state": state,
        **{name: event[name] for name in KEPT if name in event},
    }
    if event.get("ours"):
        reading.cases[n]["ours"] = True
        reading.ours = True


def _traced(event: dict[str, Any]) -> dict[str, Any]:
    """The traced event as it would stand in a run's own log."""
    return {**json.loads(event["event"]), "t": event["at"], "kind": event["event_kind"]}


def close(run: Run) -> bool:
    """Close the judging of this ended run. True if this call closed it, False if it was closed before
    (or the run judges nothing of ours). Called again, it does nothing."""
    judging = Judging.objects.select_related("submission__code").filter(run=run).first()
    if judging is None or judging.state != Grading.WAITING:
        return False
    # A run that never reached a worker was ended without a log.
    reading = read(run.events() if run.archive_id is not None else ())
    broken = _why_not_counted(run, reading)
    with transaction.atomic():
        claimed = Judging.objects.filter(pk=judging.pk, state=Grading.WAITING).update(
            state=Grading.BROKEN if broken else Grading.GRADED, graded=timezone.now()
        )
        if not claimed:
            return False
        _write(judging, run, reading, broken)
    return True


def _why_not_counted(run: Run, reading: Reading) -> str:
    if run.reason == "owner":
        return STOPPED
    if run.reason == "ours" or run.state == "lost" or reading.ours:
        return OURS
    if not reading.cases:  # nothing was checked: neither the code nor a limit of it can have done that
        return OURS
    return ""


def _write(judging: Judging, run: Run, reading: Reading, broken: str) -> None:
    judging.refresh_from_db()
    submission = judging.submission
    for n, case in reading.cases.items():
        if case["state"] == "failed" and reading.traces.get(n):
            case["run"] = _trace_run(submission, case, reading.traces[n], run).pk
    judging.passed = reading.passed
    judging.total = len(reading.cases) or judging.total
    judging.ok = not broken and reading.ok is True and judging.passed == judging.total
    judging.cases = [reading.cases[n] for n in sorted(reading.cases)]
    judging.reason = broken or ("" if reading.ok is not None else run.text[:300])
    judging.save()
    _stand(submission, judging)
    if judging.ok:
        progress.solve(submission.user_id, submission.lesson)


def _stand(submission: Submission, judging: Judging) -> None:
    """Make this judging the one that stands, unless it broke and an older verdict is there to stand."""
    rows = Submission.objects.filter(pk=submission.pk, run=judging.run_id)
    if judging.state == Grading.BROKEN and submission.graded is not None:
        rows.update(state=Grading.GRADED, reason=judging.reason)
        return
    rows.update(
        state=judging.state,
        passed=judging.passed,
        total=judging.total,
        ok=judging.ok,
        cases=judging.cases,
        reason=judging.reason,
        graded=judging.graded if judging.state == Grading.GRADED else None,
    )


def failure(events: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """What failed, from the log of a case's run: its `case.failed`. None when the log has none."""
    return next((event for event in events if event["kind"] == "case.failed"), None)


def _trace_run(submission: Submission, case: dict[str, Any], trace: list[dict[str, Any]], run: Run) -> Run:
    """A finished run whose log is the trace of a failed case and, at the moment of the violation, the
    failure itself: whoever reads the log needs nothing else. `case["at"]` is the moment to open."""
    last = max(float(event["t"]) for event in trace)
    if case.get("at") is None:
        case["at"] = last
    at = float(case["at"])
    last = max(last, at)
    started = {
        "t": 0.0,
        "kind": "run.started",
        "seed": run.job.get("seed", 0),
        "duration": last,
        "clock": "virtual",
        "controls": {},
    }
    told = {name: case[name] for name in TOLD if case.get(name) not in (None, "", [])}
    failed = {"t": at, "kind": "case.failed", **told}
    # A stable sort: the failure comes after all that happened at its moment.
    story = sorted([*trace, failed], key=lambda event: float(event["t"]))
    ending = Ending("finished", "done", str(case.get("message") or NOT_PASSED))
    ended = {"t": last, "kind": "run.ended", **asdict(ending)}
    traced = sandbox_runs.record(
        [started, *story, ended], label=f"{submission.lesson}: {case['title']}", kind="case", ending=ending
    )
    LessonRun.objects.create(
        run=traced,
        user_id=submission.user_id,
        lesson=submission.lesson,
        variant=Variant.CASE,
        code=submission.code,
        submission=submission,
    )
    return traced
