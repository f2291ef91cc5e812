"""The broker goes down under a run that is being watched, and comes back with nothing in it."""

from __future__ import annotations

import contextlib
import re
import signal
import sqlite3
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from launch.processes import Stack
from tests.e2e.conftest import Reader, code

# Each check imports the solution anew: with this, a judging is still under way when the first has passed.
SLOW_IMPORT = "\nsum(range(4_000_000))\n"


def kill_valkey(stack: Stack) -> None:
    """It comes back empty: the embedded one keeps nothing on disk."""
    valkey = stack.running.pop("valkey")
    valkey.kill()
    valkey.wait()


@pytest.fixture
def mended(stack: Stack) -> Iterator[Stack]:
    """Whatever happens in the test, the next one finds a broker."""
    yield stack
    if "valkey" not in stack.running:
        stack.start_valkey()


def test_a_watched_run_is_told_lost_and_the_next_one_works_without_a_reload(
    reader: Reader, mended: Stack
) -> None:
    stack = mended
    reader.open_lesson()
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    reader.page.evaluate("window.sameSpage = true")

    kill_valkey(stack)
    notice = reader.page.locator("poligon-demo .k-notice")
    expect(notice).to_contain_text("Связь с исполнителем прервалась. Ждём её: страница продолжит сама.")
    stack.start_valkey()

    expect(notice).to_contain_text(re.compile("прервался по нашей вине|потерян по нашей вине"))
    expect(notice).to_contain_text(re.compile("[Зз]апустите.* ещё раз"))
    expect(reader.main()).to_have_text("Ещё раз")

    reader.choose_speed("8")
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    expect(reader.badge()).to_have_text(re.compile("Разомкнут"))
    expect(reader.main()).to_have_text("Ещё раз")
    assert reader.page.evaluate("window.sameSpage") is True
    assert not reader.faults
    assert {name for name, process in stack.running.items() if process.poll() is None} >= {"web", "worker"}


def test_a_start_while_the_broker_is_away_is_refused_in_words_and_works_once_it_is_back(
    reader: Reader, mended: Stack
) -> None:
    reader.open_lesson()
    kill_valkey(mended)
    reader.main().click()
    notice = reader.page.locator("poligon-demo .k-notice")
    expect(notice).to_contain_text("исполнители недоступны. Попробуйте чуть позже. А пока — запись.")

    mended.start_valkey()
    reader.choose_speed("8")
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    expect(reader.main()).to_have_text("Ещё раз")
    assert [fault for fault in reader.faults if "503" not in fault] == []


def test_a_pause_of_the_broker_that_loses_nothing_loses_nothing_on_the_page(
    reader: Reader, stack: Stack
) -> None:
    """Stopped and let go on, as when a machine is moved: the run goes on to its own end."""
    reader.open_lesson()
    reader.choose_speed("8")
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    stack.running["valkey"].send_signal(signal.SIGSTOP)
    time.sleep(2.0)
    stack.running["valkey"].send_signal(signal.SIGCONT)
    expect(reader.main()).to_have_text("Ещё раз")
    expect(reader.page.locator("poligon-demo .k-notice")).to_contain_text("Прогон завершён")
    assert not reader.faults


def handed_in(reader: Reader) -> list[str]:
    """The states of the reader's solutions, the newest first."""
    answer = reader.page.request.get("/api/v1/lessons/circuit-breaker/mine/").json()
    return [one["state"] for one in answer["submissions"]]


def test_a_solution_that_waits_while_the_broker_loses_everything_is_judged_without_being_sent_again(
    reader: Reader, mended: Stack
) -> None:
    stack = mended
    page = reader.page
    reader.log_in("Алиса")
    reader.open_lesson()
    reader.write("exercise", code("reference.py"))
    before = handed_in(reader)
    page.evaluate("window.sameSpage = true")
    stack.stop_one("worker")
    try:
        page.get_by_role("button", name="Проверить решение").click()
        head = page.locator("poligon-exercise .verdict h3")
        place = re.compile("В\u00a0очереди: 1-е место")
        expect(head).to_have_text(place)

        kill_valkey(stack)
        expect(head).to_have_text("Связь прервалась, восстанавливаем…")
        stack.start_valkey()
        expect(head).to_have_text(place)
    finally:
        stack.start_worker()

    expect(page.locator("poligon-exercise li.case.passed").first).to_be_visible()
    expect(head).to_have_text(re.compile(r"Решено: (\d+) из\u00a0\1"))
    expect(page.get_by_role("button", name="Проверить решение")).to_be_enabled()
    assert handed_in(reader) == ["graded", *before]
    assert page.evaluate("window.sameSpage") is True
    assert not reader.faults


def attempt_of_the_newest_judging(stack: Stack) -> int:
    """As the site keeps it: 11 is the first of a second sending."""
    database = sqlite3.connect(f"file:{stack.var}/db.sqlite3?mode=ro", uri=True)
    with contextlib.closing(database):
        rows = database.execute(
            "SELECT attempt FROM sandbox_run WHERE kind = 'judge' ORDER BY created DESC LIMIT 1"
        )
        return int(rows.fetchone()[0])


def test_a_solution_under_way_while_the_broker_loses_everything_gets_one_verdict_on_the_same_page(
    reader: Reader, mended: Stack
) -> None:
    page = reader.page
    reader.log_in("Алиса")
    reader.open_lesson()
    reader.write("exercise", code("reference.py") + SLOW_IMPORT)
    before = handed_in(reader)
    page.evaluate("window.sameSpage = true")
    page.get_by_role("button", name="Проверить решение").click()
    expect(page.locator("poligon-exercise li.case.passed").first).to_be_visible()
    kill_valkey(mended)
    mended.start_valkey()

    head = page.locator("poligon-exercise .verdict h3")
    expect(head).to_have_text(re.compile(r"Решено: (\d+) из\u00a0\1"))
    assert attempt_of_the_newest_judging(mended) == 11
    assert handed_in(reader) == ["graded", *before]
    assert page.evaluate("window.sameSpage") is True
    assert not reader.faults


def test_a_solution_forgotten_three_times_is_told_as_ours_and_one_button_sends_it_again(
    reader: Reader, mended: Stack
) -> None:
    page = reader.page
    reader.log_in("Алиса")
    reader.open_lesson()
    reader.write("exercise", code("reference.py"))
    before = handed_in(reader)
    button = page.get_by_role("button", name="Проверить решение")
    head = page.locator("poligon-exercise .verdict h3")
    mended.stop_one("worker")
    try:
        button.click()
        for _ in range(3):
            expect(head).to_have_text(re.compile("В\u00a0очереди: 1-е место"))
            kill_valkey(mended)
            expect(head).to_have_text("Связь прервалась, восстанавливаем…")
            mended.start_valkey()
        expect(head).to_have_text("Проверить не\u00a0удалось, и\u00a0это наша вина")
        expect(page.locator("poligon-exercise .verdict .note.ours")).to_contain_text("код сохранён")
        expect(button).to_be_enabled()
    finally:
        mended.start_worker()

    button.click()
    expect(head).to_have_text(re.compile(r"Решено: (\d+) из\u00a0\1"))
    assert handed_in(reader) == ["graded", "broken", *before]
    assert not reader.faults
