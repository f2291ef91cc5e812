"""Nothing typed is ever lost: on the server, or else in this browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.front.conftest import Lesson

SAVED = re.compile("Сохранено")


def test_what_a_guest_types_is_on_the_server_after_a_pause(lesson: Lesson) -> None:
    lesson.open().write("kept = 1\n")
    expect(lesson.status()).to_have_text(SAVED)
    lesson.page.evaluate("localStorage.clear()")
    lesson.open()
    expect(lesson.value()).to_have_value("kept = 1\n")


def test_what_is_typed_offline_survives_a_reload_and_is_saved_when_the_line_is_back(lesson: Lesson) -> None:
    lesson.open().write("before = 1\n")
    expect(lesson.status()).to_have_text(SAVED)
    lesson.page.route("**/api/v1/drafts/**", lambda route: route.abort())
    lesson.write("offline = 1\n")
    expect(lesson.status()).to_contain_text("текст цел в\u00a0этом браузере")
    lesson.page.unroute("**/api/v1/drafts/**")
    lesson.open()
    expect(lesson.value()).to_have_value("offline = 1\n")
    expect(lesson.status()).to_have_text(SAVED)
    lesson.page.evaluate("localStorage.clear()")
    lesson.open()
    expect(lesson.value()).to_have_value("offline = 1\n")


def test_leaving_the_page_at_once_loses_nothing(lesson: Lesson) -> None:
    lesson.open().write("in_a_hurry = 1\n")
    lesson.page.goto("/")
    lesson.open()
    expect(lesson.value()).to_have_value("in_a_hurry = 1\n")


def test_two_windows_lose_neither_text(lesson: Lesson, elsewhere: Lesson) -> None:
    lesson.log_in("Ева")
    lesson.open().write("base = 0\n")
    expect(lesson.status()).to_have_text(SAVED)
    elsewhere.log_in("Ева")
    elsewhere.open()
    expect(elsewhere.value()).to_have_value("base = 0\n")
    elsewhere.write("theirs = 1\n")
    expect(elsewhere.status()).to_have_text(SAVED)

    lesson.write("mine = 1\n")
    conflict = lesson.editor().locator(".editor-conflict")
    expect(conflict).to_be_visible()
    conflict.get_by_role("button", name="Сравнить").click()
    expect(conflict).to_contain_text("mine = 1")
    expect(conflict).to_contain_text("theirs = 1")
    conflict.get_by_role("button", name="Взять тот").click()
    expect(lesson.value()).to_have_value("theirs = 1\n")

    lesson.editor().get_by_role("button", name="Версии").click()
    aside = lesson.editor().locator(".versions li", has_text="в\u00a0другом окне")
    aside.get_by_role("button", name="Вернуть").click()
    expect(lesson.value()).to_have_value("mine = 1\n")
    expect(lesson.status()).to_have_text(SAVED)


def test_going_on_with_my_text_after_a_conflict_saves_it(lesson: Lesson, elsewhere: Lesson) -> None:
    lesson.log_in("Борис")
    lesson.open().write("base = 2\n")
    expect(lesson.status()).to_have_text(SAVED)
    elsewhere.log_in("Борис")
    elsewhere.open()
    expect(elsewhere.value()).to_have_value("base = 2\n")
    elsewhere.write("theirs = 2\n")
    expect(elsewhere.status()).to_have_text(SAVED)
    lesson.write("mine = 2\n")
    lesson.editor().get_by_role("button", name="Продолжить с\u00a0моим").click()
    expect(lesson.status()).to_have_text(SAVED)
    elsewhere.open()
    expect(elsewhere.value()).to_have_value("mine = 2\n")


def test_the_starter_comes_back_and_the_old_text_stays_in_the_versions(lesson: Lesson) -> None:
    lesson.open()
    starter = lesson.value().input_value()
    lesson.write("mine = 3\n")
    expect(lesson.status()).to_have_text(SAVED)
    lesson.editor().get_by_role("button", name="Вернуть начальный код").click()
    expect(lesson.value()).to_have_value(starter)
    lesson.editor().get_by_role("button", name="Версии").click()
    rows = lesson.editor().locator(".versions li")
    expect(rows).to_have_count(2)
    rows.nth(1).get_by_role("button", name="Показать").click()
    expect(rows.nth(1).locator("pre")).to_have_text("mine = 3\n")


def test_the_keyboard_can_leave_the_editor(lesson: Lesson) -> None:
    lesson.open().write("x = 1")
    lesson.page.keyboard.press("Tab")
    expect(lesson.value()).not_to_have_value("x = 1")
    lesson.page.keyboard.press("Escape")
    lesson.page.keyboard.press("Tab")
    expect(lesson.editor().get_by_role("button", name="Версии")).to_be_focused()


def test_the_line_of_a_problem_is_marked_until_it_is_edited(lesson: Lesson) -> None:
    lesson.open().write("one\ntwo\nthree")
    lesson.page.evaluate(
        """document.dispatchEvent(new CustomEvent('poligon:problem', {
            detail: { slot: 'exercise', line: 2, error: 'NameError', message: 'нет такого имени' } }))"""
    )
    marked = lesson.editor().locator(".cm-problem")
    expect(marked).to_have_text("two")
    expect(lesson.editor().get_by_role("alert")).to_have_text("Строка 2. NameError: нет такого имени")
    marked.click()
    lesson.page.keyboard.type("!")
    expect(marked).to_have_count(0)


@pytest.mark.parametrize(
    "sign", ["\u202a", "\u202b", "\u202c", "\u202e", "\u2066", "\u2068", "\u200b", "\u3164"]
)
def test_a_sign_that_cannot_be_seen_is_marked_in_the_editor(lesson: Lesson, sign: str) -> None:
    lesson.open().write(f"x = '{sign}'")
    expect(lesson.editor().locator(".cm-specialChar")).to_have_count(1)
