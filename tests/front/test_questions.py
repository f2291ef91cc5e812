"""Predict first, then look; answer, then read why."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.front.conftest import LESSON, Lesson


def test_a_guess_is_laid_over_what_was_measured(lesson: Lesson) -> None:
    block = lesson.open().block("predict")
    slider = block.get_by_role("slider")
    slider.focus()
    lesson.page.keyboard.press("Home")
    block.get_by_role("button", name="Запомнить").click()
    expect(block).to_contain_text("Запомнили")
    expect(block.locator(".explain:visible")).to_have_count(0)
    block.get_by_role("button", name="Сверить с записью").click()
    expect(block.locator(".pin.mine")).to_contain_text("вы:")
    expect(block.locator(".pin.real")).to_contain_text("измерено:")
    expect(block.locator(".explain:visible")).to_have_count(1)


def test_a_guess_is_not_taken_from_a_slider_nobody_moved(lesson: Lesson) -> None:
    block = lesson.open().block("predict")
    block.get_by_role("button", name="Запомнить").click()
    expect(block).to_contain_text("Сначала подвиньте ползунок")


def test_predicting_can_be_skipped(lesson: Lesson) -> None:
    block = lesson.open().block("predict")
    block.get_by_role("button", name="Пропустить").click()
    expect(block).to_contain_text("Измерено")


def test_a_guess_is_remembered_after_a_reload(lesson: Lesson) -> None:
    block = lesson.open().block("predict")
    block.get_by_role("slider").focus()
    lesson.page.keyboard.press("Home")
    block.get_by_role("button", name="Запомнить").click()
    expect(block).to_contain_text("Запомнили")
    expect(lesson.open().block("predict")).to_contain_text("Вы уже предсказывали")


def test_an_answer_is_judged_explained_and_kept(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("li[data-question]").first
    question.get_by_role("radio").first.check()
    question.get_by_role("button", name="Ответить").click()
    expect(question.locator(".choice .mark").first).to_be_visible()
    lesson.open().block("quiz")
    expect(question.locator(".choice .mark").first).to_be_visible()
    expect(question.get_by_role("button", name="Ответить")).to_have_count(0)


def test_without_javascript_every_question_has_its_answer_folded(
    browser: Browser, base_url: str, browser_context_args: dict[str, object]
) -> None:
    context = browser.new_context(
        **{**browser_context_args, "base_url": base_url, "java_script_enabled": False}
    )  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(LESSON)
    answer = page.locator("poligon-predict").first
    answer.get_by_text("Показать ответ").click()
    expect(answer.locator(".explain")).to_be_visible()
    expect(page.locator("poligon-quiz details")).not_to_have_count(0)
    expect(page.locator("poligon-editor[data-slot=exercise] textarea")).to_be_visible()
    expect(page.locator("poligon-exercise .submit")).to_be_hidden()
    context.close()
