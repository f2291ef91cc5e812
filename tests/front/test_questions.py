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


def test_rows_are_put_in_order_and_each_place_is_judged(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("[data-question=evening]")
    first = question.locator(".order li").first
    first.get_by_role("button", name="Ниже").click()
    expect(question.locator(".order li").nth(1).get_by_role("button", name="Ниже")).to_be_focused()
    question.get_by_role("button", name="Ответить").click()
    expect(question.locator(".order .mark")).to_have_count(5)
    expect(question.locator(".explain:visible")).to_have_count(1)


def test_the_right_order_is_called_right(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("[data-question=evening]")
    for place in range(5):  # bring each row up to its place
        row = question.locator(f'.order li[data-n="{place}"]')
        while question.locator(".order li").nth(place).get_attribute("data-n") != str(place):
            row.get_by_role("button", name="Выше").click()
    question.get_by_role("button", name="Ответить").click()
    expect(question.locator(".outcome:visible")).to_have_text("Верно.")


def test_rows_are_dragged_with_the_mouse(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("[data-question=evening]")
    rows = question.locator(".order li")
    rows.first.scroll_into_view_if_needed()
    moved = rows.first.get_attribute("data-n")
    rows.first.locator(".what").hover()
    lesson.page.mouse.down()
    box = rows.nth(2).bounding_box()
    assert box
    lesson.page.mouse.move(box["x"] + 60, box["y"] + box["height"] - 4, steps=12)
    lesson.page.mouse.up()
    expect(rows.nth(2)).to_have_attribute("data-n", moved or "")


def test_a_faulty_line_is_pressed_and_explained(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("[data-question=under-the-lock]")
    question.get_by_text("async with").click()
    question.get_by_role("button", name="Ответить").click()
    expect(question.locator(".outcome:visible")).to_contain_text("ошибка в строке 6")
    expect(question.locator(".wrong-line")).to_contain_text("await function")


def test_answers_of_every_kind_are_kept_over_a_reload(lesson: Lesson) -> None:
    question = lesson.open().block("quiz").locator("[data-question=under-the-lock]")
    question.get_by_text("await function").click()
    question.get_by_role("button", name="Ответить").click()
    expect(question.locator(".outcome:visible")).to_have_text("Верно.")
    lesson.open().block("quiz")
    expect(question.locator(".outcome:visible")).to_have_text("Верно.")


def test_a_guess_in_the_charts_unit_lies_over_the_run(lesson: Lesson) -> None:
    lesson.open()
    demo = lesson.page.locator("poligon-demo[data-ready]")
    lesson.page.locator("poligon-demo").scroll_into_view_if_needed()
    expect(demo).to_be_visible()
    guess = {"id": "x", "value": 4.5, "label": "ваш ответ", "scale": "chart"}
    lesson.page.evaluate(
        "guess => document.dispatchEvent(new CustomEvent('poligon:guess', {detail: guess}))", guess
    )
    expect(demo.locator(".k-guess-t")).to_have_text("ваш ответ: 4,5")


def test_a_term_is_explained_beside_its_link(lesson: Lesson) -> None:
    term = lesson.open().page.locator("a.term").first
    term.hover()
    expect(lesson.page.get_by_role("tooltip")).to_contain_text("ложатся следом")
    lesson.page.keyboard.press("Escape")
    expect(lesson.page.get_by_role("tooltip")).to_have_count(0)


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
