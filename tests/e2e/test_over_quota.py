"""A guest whose runs go on unseen: a reload costs no place; where none is left an old run's is offered."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from lessons.work import quota
from tests.e2e.conftest import Reader


def test_after_a_reload_the_next_run_takes_the_place_of_the_one_lost_sight_of(reader: Reader) -> None:
    reader.open_lesson()
    for _ in range(quota.GUEST.at_once + 1):
        reader.main().click()
        expect(reader.main()).to_have_text("Стоп")
        reader.page.reload()
        reader.demo()
    assert not reader.faults  # a refusal would be one


def test_a_run_of_another_tab_goes_on_even_beside_a_copy_of_that_tab(reader: Reader) -> None:
    reader.open_lesson()
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    with reader.page.expect_popup() as opened:  # the copy has the tab's sessionStorage
        reader.page.evaluate("window.open(location.href)")
    second = Reader(opened.value)
    second.demo()
    second.main().click()
    expect(second.main()).to_have_text("Стоп")
    expect(reader.main()).to_have_text("Стоп")
    for tab in (second, reader):
        tab.main().click()
        expect(tab.main()).to_have_text("Ещё раз")


def test_runs_left_behind_give_their_place_to_a_new_one_at_a_press(reader: Reader) -> None:
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
