"""Valkey forgets a judging: the learner does nothing and gets one verdict, or hears whose fault it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from lessons.models import Judging, Lesson, Submission
from lessons.work import drafts, submissions
from lessons.work.owners import Owner
from sandbox import limits, states
from sandbox.attempt import Attempt
from sandbox.client import valkey
from sandbox.leases import Leases
from sandbox.lines import Bounds
from sandbox.models import Run
from sandbox.registrar import Registrar
from tests.lessons.work.course import STARTED, passed

pytestmark = pytest.mark.django_db(transaction=True)
SLUG = "circuit-breaker"


@pytest.fixture
def registrar() -> Registrar:
    registrar = Registrar(valkey())
    registrar.prepare()
    return registrar


@pytest.fixture
def sent(lesson: Lesson, learner: Owner, registrar: Registrar) -> Submission:
    found = submissions.submit(learner, lesson=SLUG, code="решение")
    Run.objects.filter(pk=found.run_id).update(created=timezone.now() - timedelta(seconds=10))
    return found


def forget(registrar: Registrar) -> None:
    valkey().flushall()
    registrar.prepare()
    registrar.reap()


def begin(sent: Submission, owner: str) -> Attempt:
    leases = Leases(valkey())
    run = Run.objects.get(pk=sent.run_id)
    number = leases.claim(run.pk, "judge", owner, again=True)
    attempt = Attempt(leases, run.task, number, "judge", Bounds(limits.JUDGE, live=False), owner=owner)
    attempt.begin()
    return attempt


def judge(attempt: Attempt) -> None:
    for event in (
        STARTED,
        passed(1, "Размыкается"),
        passed(2, "Замыкается"),
        {"kind": "verdict", "ok": True},
    ):
        fields = {name: value for name, value in event.items() if name != "kind"}
        attempt.emit(str(event["kind"]), 0.0, fields)
    assert attempt.end(states.FINISHED)


def test_there_is_one_verdict_though_two_workers_judge(sent: Submission, registrar: Registrar) -> None:
    old = begin(sent, "a worker that lives on")
    forget(registrar)
    new = begin(sent, "another worker")
    judge(new)
    assert not old.end(states.BROKEN)
    while registrar.step():
        pass
    registrar.reap()
    sent.refresh_from_db()
    assert (sent.state, sent.passed, sent.total, sent.ok) == ("graded", 2, 2, True)
    assert [row.state for row in Judging.objects.all()] == ["graded"]
    assert Submission.objects.count() == 1


def test_a_solution_forgotten_three_times_is_told_as_ours_and_may_be_sent_again(
    sent: Submission, registrar: Registrar, learner: Owner
) -> None:
    for _ in range(3):
        sent.refresh_from_db()
        assert sent.state == "waiting"
        forget(registrar)
    sent.refresh_from_db()
    assert (sent.state, sent.graded) == ("broken", None)
    assert "по\u00a0нашей вине" in sent.reason
    assert "отправьте решение ещё раз" in sent.reason
    kept = drafts.newest(learner, SLUG, "exercise")
    assert kept is not None
    assert kept.text == "решение"
    again = submissions.submit(learner, lesson=SLUG, code=kept.text)
    assert (again.state, submissions.attempt_number(again)) == ("waiting", 1)
