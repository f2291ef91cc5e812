"""Editing, running and handing in with HTML forms alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from lessons.models import CodeVersion, LessonRun, Submission
from lessons.work import quota
from tests.lessons.content.course import Course

pytestmark = pytest.mark.django_db
PAGE = "/lessons/counter/code/"


def post(client: Client, slot: str, action: str, code: str, **fields: Any) -> Any:
    return client.post(PAGE, {"slot": slot, "action": action, "code": code, "base": "0", **fields})


def textarea(html: str) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", html, re.S)
    assert found
    return found[1]


def test_the_demo_opens_with_the_reference(course: Course, client: Client) -> None:
    html = client.get(PAGE).content.decode()
    assert "def count(most):" in textarea(html)
    assert "Шаг" in html


def test_the_exercise_opens_with_the_starter_and_the_task(course: Course, client: Client) -> None:
    html = client.get(PAGE + "?slot=exercise").content.decode()
    assert textarea(html) == "def count(most): ...\n"
    assert "Считает до трёх" in html
    assert "Подсказка 1" in html
    assert "СЕКРЕТНАЯ" not in html


def test_a_lesson_with_nothing_to_run_has_no_code_page(course: Course, client: Client) -> None:
    assert client.get("/lessons/later/code/").status_code == 404


def test_saved_code_is_there_next_time(course: Course, client: Client) -> None:
    answer = post(client, "demo", "save", "x = 1\r\n")
    assert answer.status_code == 302
    html = client.get(answer["Location"]).content.decode()
    assert textarea(html) == "x = 1\n"
    assert "Сохранено" in html


def test_over_the_quota_the_page_offers_the_place_of_an_earlier_run(course: Course, client: Client) -> None:
    sent = {"slot": "demo", "code": "x = 1\n", "base": "0", "action": "run", "variant": "mine"}
    live = [client.post(PAGE, sent)["Location"] for _ in range(quota.GUEST.at_once)]
    refused = client.post(PAGE, sent)
    first = live[0].strip("/").removeprefix("runs/")
    assert refused.status_code == 429
    assert f'name="instead_of" value="{first}"' in refused.content.decode()
    again = {key: value for key, value in sent.items() if key != "action"} | {"instead_of": first}
    assert client.post(PAGE, again).status_code == 302


def test_markup_in_code_is_shown_as_text(course: Course, client: Client) -> None:
    post(client, "demo", "save", "</textarea><script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get(PAGE).content.decode()


def test_a_guest_runs_their_own_code(course: Course, client: Client) -> None:
    answer = post(
        client, "demo", "run", "def count(most): return []\n", variant="mine", **{"control.step": "3"}
    )
    run = LessonRun.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert run.run.job["files"]["reference.py"] == "def count(most): return []\n"
    assert run.run.job["controls"] == {"step": 3, "stop": False}


def test_running_the_reference_keeps_the_typed_code_out_of_it(course: Course, client: Client) -> None:
    post(client, "demo", "run", "typed", variant="reference")
    assert "def count" in LessonRun.objects.get().run.job["files"]["reference.py"]


def test_a_control_out_of_range_is_refused_and_the_code_stays(course: Course, client: Client) -> None:
    answer = post(client, "demo", "run", "typed = 1\n", variant="mine", **{"control.step": "9"})
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "от 1 до 5" in html
    assert "typed = 1" in textarea(html)
    assert not LessonRun.objects.exists()


def test_code_changed_in_another_tab_loses_neither_text(course: Course, client: Client) -> None:
    post(client, "demo", "save", "first\n")
    answer = post(client, "demo", "save", "second\n", base="0")
    html = answer.content.decode()
    assert "в\u00a0другой вкладке" in html
    assert (textarea(html), "first" in html) == ("second\n", True)
    assert {version.text for version in CodeVersion.objects.all()} == {"first\n", "second\n"}


def test_after_a_conflict_saving_again_goes_through(course: Course, client: Client) -> None:
    post(client, "demo", "save", "first\n")
    html = post(client, "demo", "save", "second\n", base="0").content.decode()
    base = re.search(r'name="base" value="(\d+)"', html)
    assert base
    post(client, "demo", "save", "second\n", base=base[1])
    assert textarea(client.get(PAGE).content.decode()) == "second\n"


def test_an_old_version_can_be_opened(course: Course, client: Client) -> None:
    post(client, "demo", "save", "first\n")
    post(client, "demo", "save", "second\n", base="1")
    assert textarea(client.get(PAGE + "?slot=demo&version=1").content.decode()) == "first\n"


def test_somebody_elses_version_cannot_be_opened(course: Course, alisas: Client, evas: Client) -> None:
    post(alisas, "demo", "save", "secret\n")
    assert evas.get(PAGE + "?slot=demo&version=1").status_code == 404


def test_the_first_code_can_be_brought_back(course: Course, client: Client) -> None:
    post(client, "demo", "save", "broken")
    post(client, "demo", "reset", "broken")
    assert "def count(most):" in textarea(client.get(PAGE).content.decode())


def test_alisa_hands_in_her_solution(course: Course, alisas: Client) -> None:
    answer = post(alisas, "exercise", "submit", "def count(most): return 1\n")
    assert answer["Location"] == f"/submissions/{Submission.objects.get().pk}/"


def test_a_guest_who_hands_in_is_asked_to_sign_in_and_keeps_the_code(course: Course, client: Client) -> None:
    answer = post(client, "exercise", "submit", "mine = 1\n")
    html = answer.content.decode()
    assert "/accounts/login/?next=" in html
    assert textarea(html) == "mine = 1\n"
    assert CodeVersion.objects.get().text == "mine = 1\n"


def test_too_long_code_is_refused_and_stays_on_the_page(course: Course, client: Client) -> None:
    answer = post(client, "demo", "save", "x" * 70_000)
    assert answer.status_code == 400
    assert len(textarea(answer.content.decode())) == 70_000


def test_a_form_from_another_site_is_refused(course: Course) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, "demo", "save", "x").status_code == 403


def test_a_run_can_be_taken_up_from_its_page(course: Course, client: Client, evas: Client) -> None:
    post(client, "demo", "run", "theirs = 1\n", variant="mine", **{"control.step": "4"})
    run = LessonRun.objects.get()
    html = evas.get(f"{PAGE}?slot=demo&from={run.pk}").content.decode()
    assert textarea(html) == "theirs = 1\n"
    assert 'name="control.step" value="4"' in html
    post(evas, "demo", "run", "theirs = 2\n", variant="mine", forked_from=run.pk)
    assert LessonRun.objects.exclude(pk=run.pk).get().forked_from_id == run.pk
