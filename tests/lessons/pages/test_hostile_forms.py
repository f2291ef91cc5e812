"""Fields of the code page's forms that no browser would send do no harm."""

from __future__ import annotations

import pytest
from django.test import Client

from lessons.models import LessonRun
from tests.lessons.content.course import Course

pytestmark = pytest.mark.django_db
PAGE = "/lessons/counter/code/"
ODD = ["²", "①", "٣", "9" * 30, "9" * 5000, "-1", "1e5", "\0"]


@pytest.mark.parametrize("version", ODD)
def test_an_odd_number_of_a_version_is_none(course: Course, alisas: Client, version: str) -> None:
    assert alisas.get(PAGE, {"version": version}).status_code in (200, 404)


@pytest.mark.parametrize("odd", ODD)
def test_a_run_with_odd_numbers_is_started_as_without_them(course: Course, alisas: Client, odd: str) -> None:
    form = {"slot": "demo", "action": "run", "code": "mine = 1\n", "base": odd, "seed": odd}
    assert alisas.post(PAGE, form).status_code == 302
    assert LessonRun.objects.count() == 1


def test_a_form_too_big_to_be_read_is_refused_in_russian(course: Course, alisas: Client) -> None:
    answer = alisas.post(PAGE, {"slot": "demo", "action": "save", "code": "x" * 600_000})
    assert answer.status_code == 400
    assert "Запрос не принят" in answer.content.decode()
