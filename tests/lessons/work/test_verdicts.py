"""From a judge's log to a verdict, exactly once, and never at the learner's cost when the fault is ours."""

from __future__ import annotations

import json

import pytest

from lessons.access import run_access
from lessons.models import Judging, Lesson, LessonRun, Progress, Submission
from lessons.work import drafts, runs, submissions, verdicts
from lessons.work.errors import BadRequest, LoginNeeded, NotFound, OverQuota
from lessons.work.owners import Owner
from sandbox.jobs import JudgeJob
from sandbox.models import Run
from tests.lessons.work.course import STARTED, end, failed, passed, trace

SLUG = "circuit-breaker"
SOLVED = (STARTED, passed(1, "Размыкается"), passed(2, "Замыкается"), {"kind": "verdict", "ok": True})
HALF = (
    STARTED,
    passed(1, "Размыкается"),
    trace(2, 0.5, "call.sent", id=1),
    trace(2, 1.5, "breaker.state", before="closed", after="open"),
    failed(2, "Замыкается"),
    {"kind": "verdict", "ok": False},
)


def submit(owner: Owner, code: str = "class CircuitBreaker: ...") -> Submission:
    return submissions.submit(owner, lesson=SLUG, code=code)


def fresh(submission: Submission) -> Submission:
    return Submission.objects.get(pk=submission.pk)


def test_a_guest_is_asked_to_sign_in(lesson: Lesson, guest: Owner) -> None:
    with pytest.raises(LoginNeeded):
        submit(guest)


def test_the_judge_is_sent_the_solution_and_the_hidden_cases(lesson: Lesson, learner: Owner) -> None:
    job = submit(learner, "x = 1").run.task
    assert isinstance(job, JudgeJob)
    assert job.files == {"solution.py": "x = 1"}
    assert job.cases == "SECRET CASES"


def test_the_solution_handed_in_is_kept_as_a_version(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner, "x = 1")
    assert sent.code == drafts.newest(learner, SLUG, "exercise")


def test_an_empty_solution_is_refused(lesson: Lesson, learner: Owner) -> None:
    with pytest.raises(BadRequest):
        submit(learner, "  \n")


def test_all_cases_passed_is_a_solved_exercise(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(sent.run_id, *SOLVED)
    graded = fresh(sent)
    assert (graded.state, graded.passed, graded.total, graded.ok) == ("graded", 2, 2, True)
    assert Progress.objects.get(user=learner.user).solved_at is not None


def test_a_failed_case_tells_inputs_expected_and_got(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(sent.run_id, *HALF)
    graded = fresh(sent)
    assert (graded.passed, graded.total, graded.ok) == (1, 2, False)
    case = graded.cases[1]
    assert (case["state"], case["expected"], case["got"]) == ("failed", "open", "closed")
    assert case["inputs"] == ["threshold = 3"]


def test_a_failed_case_opens_as_a_finished_run_at_the_moment_of_the_violation(
    lesson: Lesson, learner: Owner
) -> None:
    sent = submit(learner)
    end(sent.run_id, *HALF)
    case = submissions.describe(fresh(sent))["cases"][1]
    run = Run.objects.get(pk=case["run"])
    assert (run.kind, run.state) == ("case", "finished")
    assert case["url"] == f"/runs/{run.pk}/?t=1.5"


def test_the_trace_of_a_failed_case_reads_as_any_log(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(sent.run_id, *HALF)
    events = [json.loads(line) for line in Run.objects.get(kind="case").events()]
    kinds = ["run.started", "call.sent", "breaker.state", "case.failed", "run.ended"]
    assert [(event["seq"], event["kind"]) for event in events] == list(enumerate(kinds, 1))
    assert events[2] == {"seq": 3, "t": 1.5, "kind": "breaker.state", "before": "closed", "after": "open"}


def test_the_log_of_a_failed_case_tells_what_failed_and_when(lesson: Lesson, learner: Owner) -> None:
    end(submit(learner).run_id, *HALF)
    events = [json.loads(line) for line in Run.objects.get(kind="case").events()]
    failure = verdicts.failure(events)
    assert failure == {
        "seq": 4,
        "t": 1.5,
        "kind": "case.failed",
        "n": 2,
        "title": "Замыкается",
        "message": "состояние после трёх ошибок",
        "expected": "open",
        "got": "closed",
        "inputs": ["threshold = 3"],
    }


def test_what_happened_after_the_violation_stays_after_it(lesson: Lesson, learner: Owner) -> None:
    late = (
        STARTED,
        trace(2, 0.5, "call.sent", id=1),
        trace(2, 9.0, "call.done", id=1),
        failed(2, "Замыкается"),
    )
    end(submit(learner).run_id, *late)
    events = [json.loads(line) for line in Run.objects.get(kind="case").events()]
    assert [(event["kind"], event["t"]) for event in events[1:]] == [
        ("call.sent", 0.5),
        ("case.failed", 1.5),
        ("call.done", 9.0),
        ("run.ended", 9.0),
    ]


def test_the_run_of_a_failed_case_knows_its_solution_and_ends_with_what_failed(
    lesson: Lesson, learner: Owner
) -> None:
    sent = submit(learner)
    end(sent.run_id, *HALF)
    case = LessonRun.objects.get(variant="case")
    assert (case.submission, case.run.text) == (sent, "состояние после трёх ошибок")


def test_a_judging_is_closed_once_however_often_it_is_told_to_end(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    run = end(sent.run_id, *HALF)
    assert not verdicts.close(run)
    end(sent.run_id, *SOLVED)
    assert fresh(sent).passed == 1
    assert Run.objects.filter(kind="case").count() == 1


def test_cases_that_a_limit_cut_off_are_told_apart_from_failed_ones(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(
        sent.run_id, STARTED, passed(1, "Размыкается"), state="timed_out", reason="limit", text="Время вышло."
    )
    graded = fresh(sent)
    assert [case["state"] for case in graded.cases] == ["passed", "skipped"]
    assert (graded.state, graded.ok, graded.reason) == ("graded", False, "Время вышло.")


@pytest.mark.parametrize(("state", "reason"), [("lost", "ours"), ("failed", "ours"), ("stopped", "owner")])
def test_a_fault_of_ours_is_not_counted_against_the_learner(
    lesson: Lesson, learner: Owner, state: str, reason: str
) -> None:
    sent = submit(learner)
    end(sent.run_id, STARTED, state=state, reason=reason)
    broken = fresh(sent)
    assert (broken.state, submissions.verdict(broken)) == ("broken", None)
    assert "не\u00a0засчитана" in broken.reason
    assert submissions.attempt_number(submit(learner, "again")) == 1


def test_a_check_that_broke_itself_is_our_fault(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(sent.run_id, STARTED, failed(1, "Размыкается", ours=True), {"kind": "verdict", "ok": False})
    assert fresh(sent).state == "broken"


def test_a_log_without_a_single_case_is_our_fault(lesson: Lesson, learner: Owner) -> None:
    sent = submit(learner)
    end(sent.run_id)
    assert fresh(sent).state == "broken"


def test_attempts_are_kept_and_numbered(lesson: Lesson, learner: Owner) -> None:
    for code in ("one", "two"):
        end(submit(learner, code).run_id, *HALF)
    kept = list(submissions.attempts(learner, SLUG))
    assert [row.code.text for row in kept] == ["two", "one"]
    assert [submissions.attempt_number(row) for row in kept] == [2, 1]


def test_judging_again_keeps_the_old_verdict_in_the_history(
    lesson: Lesson, learner: Owner, teacher: Owner
) -> None:
    sent = submit(learner)
    end(sent.run_id, *HALF)
    again = submissions.regrade_as(teacher, sent.pk)
    assert fresh(sent).passed == 1
    end(again.run_id, *SOLVED)
    assert fresh(sent).ok
    assert [row.passed for row in Judging.objects.filter(submission=sent)] == [2, 1]


def test_when_judging_again_breaks_the_old_verdict_stands(
    lesson: Lesson, learner: Owner, teacher: Owner
) -> None:
    sent = submit(learner)
    end(sent.run_id, *SOLVED)
    again = submissions.regrade_as(teacher, sent.pk)
    end(again.run_id, state="lost", reason="ours")
    stands = fresh(sent)
    assert (stands.state, stands.ok, stands.passed) == ("graded", True, 2)


def test_a_solution_that_waits_is_not_sent_again(lesson: Lesson, learner: Owner, teacher: Owner) -> None:
    sent = submit(learner)
    with pytest.raises(BadRequest):
        submissions.regrade_as(teacher, sent.pk)


def test_solutions_that_wait_are_bounded(lesson: Lesson, learner: Owner) -> None:
    submit(learner, "one"), submit(learner, "two")
    with pytest.raises(OverQuota):
        submit(learner, "three")


def test_a_solution_is_private_to_its_author_and_instructors(
    lesson: Lesson, learner: Owner, stranger: Owner, teacher: Owner
) -> None:
    sent = submit(learner)
    assert submissions.get(learner, sent.pk) == submissions.get(teacher, sent.pk) == sent
    with pytest.raises(NotFound):
        submissions.get(stranger, sent.pk)


def test_a_judging_is_watched_by_its_author_and_instructors_only(
    lesson: Lesson, learner: Owner, stranger: Owner, teacher: Owner
) -> None:
    run = submit(learner).run_id
    assert run_access(learner.user, {}, run) == run_access(teacher.user, {}, run) == "watch"
    assert run_access(stranger.user, {}, run) is None
    assert run_access(None, {}, run) is None


def test_the_run_of_a_failed_case_can_be_shared_without_the_solution(
    lesson: Lesson, learner: Owner, stranger: Owner
) -> None:
    end(submit(learner, "my solution").run_id, *HALF)
    case = LessonRun.objects.get(variant="case")
    assert run_access(stranger.user, {}, case.pk) == "watch"
    assert runs.describe(case, stranger)["code"] is None
    assert runs.describe(case, learner)["code"] == "my solution"
