"""A guest who reloads the page while runs go on: told why not, and offered the place of their own old run."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from lessons.work import quota
from tests.e2e.conftest import Reader


def test_runs_left_by_reloading_give_their_place_to_a_new_one_at_a_press(reader: Reader) -> None:
    for _ in range(quota.GUEST.at_once):
        reader.open_lesson()
        reader.main().click()
        expect(reader.main()).to_have_text("Стоп")
    reader.open_lesson()
    reader.main().click()
    notice = reader.page.locator("poligon-demo .k-notice")
    expect(notice).to_contain_text("У\u00a0вас уже идут 2\u00a0прогона")

    oldest = reader.page.locator(".k-offers a").get_attribute("href")
    reader.page.get_by_role("button", name="Остановить самый давний и\u00a0запустить").click()
    expect(reader.main()).to_have_text("Стоп")
    expect(reader.page.locator(".k-offers")).to_be_hidden()

    reader.main().click()  # it leaves no run behind for the tests that follow
    reader.page.goto(str(oldest))
    expect(reader.page.locator("[data-run-state]")).to_have_text(re.compile("остановлен"))
    assert not [fault for fault in reader.faults if "429" not in fault]
