"""The broker goes down under a run that is being watched, and comes back with nothing in it."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from launch.processes import Stack
from tests.e2e.conftest import Reader, code


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
