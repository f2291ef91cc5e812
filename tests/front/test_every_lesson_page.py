"""Every lesson in a browser: readable by everybody, at home on a phone, without a fault in the console."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.content.lessons import LESSONS
from tests.front.conftest import PATIENCE
from tests.front.test_frame import violations, walk

SLUGS = [lesson.folder.name.split("-", 1)[1] for lesson in LESSONS]


def wake(page: Page, slug: str) -> None:
    page.set_default_timeout(PATIENCE)
    page.goto(f"/lessons/{slug}/")
    walk(page)
    expect(page.locator("poligon-demo")).to_have_attribute("data-ready", "")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("slug", SLUGS)
def test_axe_finds_nothing_on_a_lesson(page: Page, slug: str, theme: str) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    wake(page, slug)
    assert violations(page) == []
    assert faults == []


@pytest.mark.parametrize("slug", SLUGS)
def test_a_lesson_fits_the_width_of_a_phone(page: Page, slug: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    wake(page, slug)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
