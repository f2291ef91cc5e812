"""Permalinks of runs and submissions."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from lessons.models import LessonRun, Submission
from tests.lessons.content.course import Course
from tests.lessons.work.course import STARTED, end, failed, passed

pytestmark = pytest.mark.django_db
CODE = "/lessons/counter/code/"
TRACE = {
    "kind": "case.trace",
    "case": 2,
    "at": 1.5,
    "event_kind": "count.up",
    "event": '{"n": 1, "level": "low"}',
}


@pytest.fixture
def run(course: Course, alisas: Client) -> LessonRun:
    alisas.post(CODE, {"slot": "demo", "action": "run", "code": "mine = 1\n", "variant": "mine"})
    return LessonRun.objects.get()


@pytest.fixture
def submission(course: Course, alisas: Client) -> Submission:
    alisas.post(CODE, {"slot": "exercise", "action": "submit", "code": "mine = 1\n"})
    return Submission.objects.get()


def text_of(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def test_anybody_with_the_link_sees_a_run(run: LessonRun, evas: Client) -> None:
    html = text_of(evas, f"/runs/{run.pk}/")
    assert f'data-run="{run.pk}"' in html
    assert "mine = 1" in html


def test_a_waiting_run_says_so_and_looks_again_without_scripts(run: LessonRun, evas: Client) -> None:
    html = text_of(evas, f"/runs/{run.pk}/")
    assert "в очереди" in html
    assert 'http-equiv="refresh"' in html


def test_only_the_owner_can_stop_it(run: LessonRun, alisas: Client, evas: Client) -> None:
    assert "Остановить" in text_of(alisas, f"/runs/{run.pk}/")
    assert "Остановить" not in text_of(evas, f"/runs/{run.pk}/")
    assert evas.post(f"/runs/{run.pk}/").status_code == 403
    assert alisas.post(f"/runs/{run.pk}/").status_code == 302


def test_a_finished_run_tells_its_key_moments(run: LessonRun, evas: Client) -> None:
    end(run.pk, {"kind": "count.up", "n": 2, "level": "low"}, text="Прогон завершён.")
    html = text_of(evas, f"/runs/{run.pk}/")
    assert "Насчитали 2: мало" in html
    assert "Прогон завершён." in html
    assert 'http-equiv="refresh"' not in html


def test_our_fault_is_called_ours(run: LessonRun, alisas: Client) -> None:
    end(run.pk, state="lost", reason="ours", text="Прервалось.")
    assert "Это наша ошибка" in text_of(alisas, f"/runs/{run.pk}/")


def test_the_moment_of_a_link_is_on_the_page(run: LessonRun, evas: Client) -> None:
    assert 'data-t="1.5"' in text_of(evas, f"/runs/{run.pk}/?t=1.5")


@pytest.mark.parametrize("t", ["nan", "inf", "-1", "", "<script>"])
def test_a_moment_that_is_no_number_is_passed_over(run: LessonRun, evas: Client, t: str) -> None:
    answer = evas.get(f"/runs/{run.pk}/", {"t": t})
    assert (answer.status_code, b"data-t=" in answer.content) == (200, False)


def test_an_unknown_run_is_not_found(course: Course, client: Client) -> None:
    assert client.get("/runs/nothing/").status_code == 404


def test_output_of_a_run_is_shown_as_text(run: LessonRun, evas: Client) -> None:
    end(run.pk, {"kind": "problem", "error": "<b>", "message": "<script>", "line": 1, "trace": []})
    assert (
        "<script>"
        not in text_of(evas, f"/runs/{run.pk}/").split('<ol class="demo-moments">')[1].split("</ol>")[0]
    )


def test_a_solution_being_judged_says_so(submission: Submission, alisas: Client) -> None:
    answer = alisas.get(f"/submissions/{submission.pk}/")
    assert "Решение проверяется" in answer.content.decode()
    assert answer["Refresh"] == "2"  # with scripts and without: nothing else on this page looks again


def test_a_solution_that_is_judged_does_not_look_again(submission: Submission, alisas: Client) -> None:
    end(submission.run_id, STARTED, passed(1, "Размыкается"), {"kind": "verdict", "ok": True})
    assert "Refresh" not in alisas.get(f"/submissions/{submission.pk}/")


def test_each_check_tells_what_was_expected_and_what_came(submission: Submission, alisas: Client) -> None:
    end(submission.run_id, STARTED, passed(1, "Размыкается"), TRACE,
        failed(2, "Замыкается"), {"kind": "verdict", "passed": 1, "total": 2, "ok": False})  # fmt: skip
    html = text_of(alisas, f"/submissions/{submission.pk}/")
    for words in (
        "1 из&nbsp;2",
        "Замыкается",
        "состояние после трёх ошибок",
        "open",
        "closed",
        "threshold = 3",
    ):
        assert words in html
    case_run = Submission.objects.get().cases[1]["run"]
    assert f'href="/runs/{case_run}/?t=1.5"' in html


@pytest.fixture
def case_page(submission: Submission) -> str:
    """The address of the run of a failed check, at its moment."""
    end(submission.run_id, STARTED, passed(1, "Размыкается"), TRACE,
        failed(2, "Замыкается", hint="Считайте ошибки подряд."),
        {"kind": "verdict", "passed": 1, "total": 2, "ok": False})  # fmt: skip
    return f"/runs/{Submission.objects.get().cases[1]['run']}/?t=1.5"


def test_the_run_of_a_failed_check_tells_what_was_checked_and_what_came(
    case_page: str, alisas: Client
) -> None:
    html = text_of(alisas, case_page)
    for words in ("Замыкается</h1>", "состояние после трёх ошибок", "threshold = 3", "open", "closed",
                  "Считайте ошибки подряд."):  # fmt: skip
        assert words in html
    assert "не&nbsp;пройдена</span>" in html
    assert "завершён" not in html


def test_the_moments_of_a_failed_check_end_with_the_failure(case_page: str, alisas: Client) -> None:
    moments = text_of(alisas, case_page).split('<ol class="demo-moments">')[1].split("</ol>")[0]
    assert "Насчитали 1" in moments
    last = moments.split("<li>")[-1]
    assert (
        "Проверка не\u00a0пройдена. состояние после трёх ошибок. Ожидалось: open. Получилось: closed." in last
    )


def test_a_failed_check_leads_back_to_the_task(case_page: str, evas: Client) -> None:
    assert 'href="/lessons/counter/#exercise"' in text_of(evas, case_page)


def test_a_failed_check_leads_back_to_the_solution_for_those_who_may_see_it(
    case_page: str, submission: Submission, alisas: Client, boriss: Client, evas: Client
) -> None:
    link = f'href="/submissions/{submission.pk}/"'
    assert [link in text_of(client, case_page) for client in (alisas, boriss, evas)] == [True, True, False]


def test_a_solved_exercise_says_so(submission: Submission, alisas: Client) -> None:
    end(submission.run_id, STARTED, passed(1, "Размыкается"), passed(2, "Замыкается"),
        {"kind": "verdict", "passed": 2, "total": 2, "ok": True})  # fmt: skip
    assert "Решение принято" in text_of(alisas, f"/submissions/{submission.pk}/")


def test_a_broken_judging_is_ours(submission: Submission, alisas: Client) -> None:
    end(submission.run_id, state="lost", reason="ours", text="Сбой.")
    html = text_of(alisas, f"/submissions/{submission.pk}/")
    assert "не\u00a0засчитана" in html


def test_eva_cannot_see_alisas_solution(submission: Submission, evas: Client) -> None:
    assert evas.get(f"/submissions/{submission.pk}/").status_code == 404


def test_boris_can(submission: Submission, boriss: Client) -> None:
    assert boriss.get(f"/submissions/{submission.pk}/").status_code == 200


def test_a_guest_is_asked_to_sign_in(submission: Submission, client: Client) -> None:
    answer = client.get(f"/submissions/{submission.pk}/")
    assert answer.status_code == 403
    assert "/accounts/login/?next=/submissions/" in answer.content.decode()


@pytest.mark.parametrize("path", ["/runs/{run}/", CODE])
def test_personal_pages_are_kept_by_no_cache(run: LessonRun, alisas: Client, path: str) -> None:
    answer: Any = alisas.get(path.format(run=run.pk))
    assert "no-store" in answer["Cache-Control"]
    assert "X-Shared-Page" not in answer
