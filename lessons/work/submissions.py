"""Solutions handed in: sending one to the judge, looking at it, sending it again."""

from __future__ import annotations

import secrets
from typing import Any

from django.db import models, transaction
from django.urls import reverse

from lessons import catalog
from lessons.models.work import Grading, Judging, Slot, Submission
from lessons.people import Person, instructor_with
from lessons.work import drafts, quota, runs
from lessons.work.errors import BadRequest, LoginNeeded, NotAllowed, NotFound, Unavailable
from lessons.work.owners import Owner
from sandbox import runs as sandbox_runs
from sandbox.jobs import JudgeJob
from sandbox.models import Run, new_id

KEPT = "Решение сохранено."


def submit(owner: Owner, *, lesson: str, code: str) -> Submission:
    """Keep the code, make the submission and hand it to the judge. Raises WorkError."""
    if owner.user is None:
        raise LoginNeeded(
            "Чтобы отправить решение, войдите: так оно и\u00a0его история останутся за\u00a0вами."
        )
    exercise = _exercise(lesson)
    if not code.strip():
        raise BadRequest("Решение пустое.", fields={"code": "нужен код"})
    version = drafts.save(owner, lesson, Slot.EXERCISE, code)
    try:
        with transaction.atomic():
            quota.lock(owner)
            quota.check_submission(owner, KEPT)
            run = _judge(lesson, version.text, exercise)
            submission = Submission.objects.create(
                user_id=owner.user.pk, lesson=lesson, code=version, run=run, total=len(exercise.cases)
            )
            Judging.objects.create(
                submission=submission, run=run, total=len(exercise.cases), address=owner.address
            )
    except sandbox_runs.QueueFull as error:
        raise runs.queue_full(error, KEPT) from error
    except sandbox_runs.Unavailable as error:
        raise _unavailable() from error
    return submission


def _exercise(lesson: str) -> catalog.Exercise:
    try:
        return catalog.exercise(lesson)
    except catalog.Unknown as error:
        raise NotFound(str(error)) from error


def _judge(lesson: str, text: str, exercise: catalog.Exercise) -> Run:
    # A fresh seed each time: a solution fitted to the numbers of the last judging does not pass.
    job = JudgeJob(
        run=new_id(),
        files={"solution.py": text},
        cases=exercise.case_source,
        seed=secrets.randbelow(runs.MAX_SEED),
        preload=exercise.packages,
        props=exercise.props_source,
    )
    return sandbox_runs.start(job, label=f"{lesson}/exercise", kind="judge")


def _unavailable() -> Unavailable:
    """The broker is away: the transaction has left no rows, the draft was saved before it."""
    return Unavailable("Сейчас не\u00a0получается проверить: исполнители недоступны. Код сохранён.")


def regrade(submission: Submission, by: Person | None = None) -> Judging:
    """Judge the same code again with today's cases. The old verdict stays in the history, and stands
    until the new one is there. Raises WorkError."""
    exercise = _exercise(submission.lesson)
    try:
        with transaction.atomic():
            locked = Submission.objects.select_for_update().select_related("code").get(pk=submission.pk)
            if locked.state == Grading.WAITING:
                raise BadRequest("Решение уже проверяется.", code="already_waiting")
            run = _judge(locked.lesson, locked.code.text, exercise)
            judging = Judging.objects.create(
                submission=locked,
                run=run,
                total=len(exercise.cases),
                asked_by_id=by.pk if by is not None else None,
            )
            Submission.objects.filter(pk=locked.pk).update(run=run, state=Grading.WAITING)
    except sandbox_runs.QueueFull as error:
        raise runs.queue_full(error, "") from error
    except sandbox_runs.Unavailable as error:
        raise _unavailable() from error
    submission.refresh_from_db()
    return judging


def visible(owner: Owner) -> models.QuerySet[Submission]:
    """The submissions this owner may see: their own; all, for those with the right."""
    rows = Submission.objects.select_related("code", "run", "user")
    if owner.user is None:
        return rows.none()
    if instructor_with(owner.user, "lessons.view_submission"):
        return rows
    return rows.filter(user_id=owner.user.pk)


def get(owner: Owner, pk: int) -> Submission:
    """One submission. Raises LoginNeeded, NotFound (also for somebody else's: its existence is private)."""
    if owner.user is None:
        raise LoginNeeded("Войдите, чтобы увидеть своё решение.")
    found = visible(owner).filter(pk=pk).first()
    if found is None:
        raise NotFound("Такого решения у\u00a0вас нет.")
    return found


def attempts(owner: Owner, lesson: str) -> models.QuerySet[Submission]:
    """One's own submissions for a lesson, the newest first. Those we broke are shown but not counted."""
    if owner.user is None:
        return Submission.objects.none()
    return Submission.objects.filter(user_id=owner.user.pk, lesson=lesson).order_by("-created")


def attempt_number(submission: Submission) -> int:
    """Which try this is, from 1. A fault of ours does not use up a number."""
    return (
        Submission.objects.filter(
            user_id=submission.user_id, lesson=submission.lesson, created__lt=submission.created
        )
        .exclude(state=Grading.BROKEN)
        .count()
        + 1
    )


def verdict(submission: Submission) -> dict[str, Any] | None:
    """The verdict that stands, or None while there has been none."""
    if submission.graded is None:
        return None
    return {"passed": submission.passed, "total": submission.total, "ok": submission.ok}


def brief(submission: Submission) -> dict[str, Any]:
    """A line of the list of attempts."""
    return {
        "id": submission.pk,
        "state": submission.state,
        "reason": submission.reason,
        "verdict": verdict(submission),
        "created": submission.created.isoformat(),
        "url": url(submission),
    }


def describe(submission: Submission) -> dict[str, Any]:
    """The JSON of `GET submissions/{id}/`."""
    return {
        **brief(submission),
        "lesson": submission.lesson,
        "attempt": attempt_number(submission),
        "code": submission.code.text,
        "run": submission.run_id,
        "socket": runs.socket(submission.run_id),
        "cases": [_with_url(case) for case in submission.cases],
    }


def _with_url(case: dict[str, Any]) -> dict[str, Any]:
    """A failed case with the address of its run at the moment of the violation."""
    if not case.get("run"):
        return case
    return {**case, "url": f"{runs.url(case['run'])}?t={float(case.get('at') or 0):g}"}


def url(submission: Submission) -> str:
    return reverse("submission", args=[submission.pk])


def may_regrade(owner: Owner) -> bool:
    return instructor_with(owner.user, "lessons.regrade_submission")


def regrade_as(owner: Owner, pk: int) -> Judging:
    """`regrade` for those with the right. Raises NotAllowed."""
    if not may_regrade(owner):
        raise NotAllowed("Отправить на\u00a0повторную проверку может преподаватель.")
    return regrade(get(owner, pk), owner.user)
