"""Handing in: guests are sent to the door with their code kept, learners see each check."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from launch import setup
from tests.front.conftest import PEOPLE, Lesson

FOLDER = setup.ROOT / "content" / "05-fault-tolerance" / "01-circuit-breaker"


def test_a_guest_is_asked_to_sign_in_and_finds_the_code_after_it(lesson: Lesson) -> None:
    lesson.open().write("guest = 1\n")
    lesson.page.get_by_role("button", name="Проверить решение").click()
    verdict = lesson.page.locator("poligon-exercise .verdict")
    expect(verdict).to_contain_text("войдите")
    verdict.get_by_role("link", name="Зарегистрироваться").click()
    page = lesson.page
    page.get_by_label("Адрес электронной почты").fill("new-reader@poligon.example")
    page.get_by_label("Пароль", exact=True).fill("quite-a-long-phrase")
    page.get_by_label("Пароль (ещё раз)").fill("quite-a-long-phrase")
    page.get_by_role("button", name="Зарегистрироваться").click()
    expect(page).to_have_url(re.compile("/lessons/circuit-breaker/"))
    expect(lesson.value()).to_have_value("guest = 1\n")


def test_the_starter_fails_with_reasons_and_the_reference_is_accepted(lesson: Lesson) -> None:
    lesson.log_in("Ева")  # who hands in nothing else in these tests: attempts are counted
    lesson.open().write((FOLDER / "naive.py").read_text())
    submit = lesson.page.get_by_role("button", name="Проверить решение")
    submit.click()
    head = lesson.page.locator("poligon-exercise .verdict h3")
    expect(head).to_contain_text("Пока не\u00a0всё")
    failed = lesson.page.locator("poligon-exercise .case.failed")
    expect(failed.first).to_contain_text("ожидалось")
    expect(lesson.page.locator("poligon-exercise .case.passed").first).to_be_visible()
    expect(failed.get_by_role("link", name="Посмотреть как прогон").first).to_have_attribute(
        "href", re.compile(r"^/runs/[\w-]+/")
    )

    lesson.write((FOLDER / "reference.py").read_text())
    submit.click()
    expect(head).to_contain_text("Решено")
    expect(failed).to_have_count(0)
    expect(lesson.page.locator("poligon-exercise .attempts")).to_contain_text("2 попытки")


def test_a_lost_server_is_said_to_be_our_trouble(lesson: Lesson) -> None:
    assert PEOPLE["Алиса"]
    lesson.log_in("Алиса")
    lesson.open().editor()
    lesson.page.route("**/api/v1/submissions/", lambda route: route.abort())
    lesson.page.get_by_role("button", name="Проверить решение").click()
    expect(lesson.page.locator("poligon-exercise .verdict .note.ours")).to_contain_text("Нет связи")
    expect(lesson.page.get_by_role("button", name="Проверить решение")).to_be_enabled()
