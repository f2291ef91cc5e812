"""Борис at his phone: the admin's lists read as Russian, not As A Title In English."""

from __future__ import annotations

from playwright.sync_api import Browser

from launch.processes import Stack
from tests.e2e.conftest import Reader

LABELS = """() => [...document.querySelectorAll('[data-label]')].map((cell) => {
  const told = getComputedStyle(cell, '::before');
  return [told.content, told.textTransform];
})"""


def test_the_names_of_columns_beside_values_are_not_capitalised(
    browser: Browser, stack: Stack, browser_context_args: dict[str, object]
) -> None:
    phone = {**browser_context_args, "base_url": stack.url, "viewport": {"width": 390, "height": 844}}
    context = browser.new_context(**phone)  # type: ignore[arg-type]
    reader = Reader(context.new_page())
    reader.log_in("Борис")
    reader.page.goto("/admin/classroom/user/")
    shown = reader.page.evaluate(LABELS)
    context.close()
    assert ['"своя квота"', "none"] in shown
    assert {transform for _, transform in shown} == {"none"}
