"""How far the reader is, kept and shown."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.front.conftest import Lesson


def scroll_to(lesson: Lesson, anchor: str) -> None:
    lesson.page.locator(f"#{anchor}").evaluate("one => scrollTo(0, one.offsetTop - 60)")
    lesson.page.wait_for_timeout(700)  # the place is looked at some 400 ms after scrolling


def leave(lesson: Lesson) -> None:
    """What a browser tells a page that is put away."""
    lesson.page.evaluate(
        """() => {
            Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }"""
    )


def test_a_guest_comes_back_to_where_they_stopped(lesson: Lesson) -> None:
    lesson.open()
    expect(lesson.page.locator(".read-mark button")).to_be_visible()
    scroll_to(lesson, "mistakes")
    leave(lesson)
    lesson.page.evaluate("scrollTo(0, 0)")
    lesson.open()
    offer = lesson.page.locator(".resume")
    expect(offer).to_contain_text("Три ошибки, которые проходят ревью")
    offer.get_by_role("link").click()
    expect(lesson.page).to_have_url(re.compile("#mistakes$"))


def test_the_contents_offer_to_go_on(lesson: Lesson) -> None:
    lesson.open()
    expect(lesson.page.locator(".read-mark button")).to_be_visible()
    scroll_to(lesson, "code")
    leave(lesson)
    lesson.page.goto("/")
    lesson.page.get_by_role("link", name="Продолжить урок «Circuit breaker»").click()
    expect(lesson.page).to_have_url(re.compile("/lessons/circuit-breaker/#code$"))


def test_alisas_mark_of_reading_follows_her_to_another_browser(lesson: Lesson, elsewhere: Lesson) -> None:
    lesson.log_in("Алиса")
    lesson.open()
    with lesson.page.expect_response(re.compile("/progress/")):
        lesson.page.get_by_role("button", name="Отметить прочитанным").click()
    expect(lesson.page.locator(".my-progress")).to_contain_text("прочитан")
    elsewhere.log_in("Алиса")
    elsewhere.page.goto("/chapters/fault-tolerance/")
    expect(elsewhere.page.locator("[data-lesson-entry=circuit-breaker] .chip.mine")).to_have_text(
        re.compile("прочитан|решено")
    )
    elsewhere.open()
    with elsewhere.page.expect_response(re.compile("/progress/")):
        elsewhere.page.get_by_role("button", name="Снять отметку").click()
    expect(elsewhere.page.get_by_role("button", name="Отметить прочитанным")).to_be_visible()


def test_search_answers_while_it_is_typed_into(lesson: Lesson) -> None:
    lesson.open()
    lesson.page.keyboard.press("/")
    expect(lesson.page).to_have_url(re.compile("/search/$"))
    lesson.page.keyboard.type("полуоткрыт")
    expect(lesson.page.locator(".results mark").first).to_be_visible()
    expect(lesson.page).to_have_url(re.compile("q="))
    lesson.page.locator(".results a").first.click()
    expect(lesson.page.locator("h1")).to_be_visible()
