"""More readers than places: a place in the queue with an estimate, then a refusal that keeps the code."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import redis
from playwright.sync_api import Browser, expect

from launch.processes import Stack
from sandbox import waiting
from tests.e2e.conftest import Reader, code


@pytest.fixture
def small(stack: Stack) -> Iterator[Stack]:
    """A site with one place to run and one to wait; runs have taken 40 s so far."""
    usual = stack.concurrency
    _again(stack, concurrency=1, limit="1")
    with redis.Redis.from_url(f"unix://{stack.var}/valkey.sock") as client:
        client.set(waiting.PACE, 40)
        yield stack
        client.delete(waiting.PACE)
    _again(stack, concurrency=usual, limit="")


def _again(stack: Stack, *, concurrency: int, limit: str) -> None:
    stack.stop_one("web")
    stack.stop_one("worker")
    stack.concurrency = concurrency
    stack.env.pop("QUEUE_LIMIT", None)
    if limit:
        stack.env["QUEUE_LIMIT"] = limit
    stack.start_worker()
    stack.start_web()


@pytest.fixture
def third(browser: Browser, base_url: str, browser_context_args: dict[str, object]) -> Iterator[Reader]:
    context = browser.new_context(**{**browser_context_args, "base_url": base_url})  # type: ignore[arg-type]
    yield Reader(context.new_page())
    context.close()


@pytest.mark.usefixtures("small")
def test_one_runs_one_waits_and_knows_how_long_the_next_is_refused_and_loses_nothing(
    reader: Reader, another: Reader, third: Reader
) -> None:
    third.open_lesson()
    third.main().click()
    expect(third.main()).to_have_text("Стоп")

    reader.open_lesson()
    reader.main().click()
    expect(reader.page.locator("poligon-demo .k-notice")).to_have_text(
        re.compile("в очереди: 1-й, ждать около 40 секунд")
    )

    typed = code("reference.py").replace('self._state: State = "closed"', 'self._state: State = "open"')
    another.open_lesson()
    another.write("demo", typed)
    another.page.get_by_role("button", name="Запустить мой код").click()
    notice = another.page.locator("poligon-demo .k-notice")
    expect(notice).to_contain_text("Сейчас слишком много желающих: в\u00a0очереди уже 1\u00a0прогон.")
    expect(notice).to_contain_text("Ваш код сохранён. А пока — запись.")

    another.page.reload()
    expect(another.editor("demo").locator("textarea")).to_have_value(typed)
    refused = [fault for fault in another.faults if "503" not in fault]
    assert not [*third.faults, *reader.faults, *refused]
