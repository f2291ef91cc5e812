"""Two runs side by side."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.front.conftest import Lesson


def test_the_naive_variant_is_compared_with_the_recording_by_one_button(lesson: Lesson) -> None:
    lesson.open()
    demo = lesson.page.locator("poligon-demo")
    demo.scroll_into_view_if_needed()
    expect(demo).to_have_attribute("data-ready", "")
    demo.get_by_role("button", name="Сравнить: эталон и").click()
    expect(lesson.page).to_have_url(re.compile("/compare/"))
    compare = lesson.page.locator("poligon-compare")
    expect(compare.get_by_role("button", name="Первое расхождение")).to_be_visible(timeout=40_000)
    expect(compare.locator("tr.differs").first).to_be_visible()
    expect(compare.locator(".k-flag-t", has_text=re.compile("врозь|расходятся"))).to_have_count(2)


def test_both_pictures_stand_at_one_moment(lesson: Lesson) -> None:
    lesson.page.goto("/compare/?lesson=circuit-breaker&a=recording&b=recording")
    compare = lesson.page.locator("poligon-compare[data-ready]")
    expect(compare.locator(".compare-summary")).to_contain_text("Прогоны совпали")
    first = compare.locator(".k-range").first
    first.evaluate("one => { one.value = 12; one.dispatchEvent(new Event('input')); }")
    expect(compare.locator(".k-clock").first).to_contain_text("12,0 /")
    expect(compare.locator(".k-clock").last).to_contain_text("12,0 /")
