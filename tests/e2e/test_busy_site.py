"""When every worker is busy: a place in the queue, the recording meanwhile, then the run itself."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from launch.processes import Stack
from tests.e2e.conftest import Reader


@pytest.fixture
def busy(stack: Stack) -> Iterator[Stack]:
    """A site whose only worker takes nothing from the queue until the test lets it."""
    stack.running["worker"].send_signal(signal.SIGSTOP)
    yield stack
    stack.running["worker"].send_signal(signal.SIGCONT)


def test_the_recording_plays_while_the_run_waits_and_gives_way_to_it(reader: Reader, busy: Stack) -> None:
    reader.open_lesson()
    clock = reader.page.locator("poligon-demo .k-clock")
    reader.main().click()
    expect(reader.page.locator("poligon-demo")).to_contain_text(re.compile("в очереди: 1"))
    shown = clock.inner_text()
    expect(clock).not_to_have_text(shown)

    busy.running["worker"].send_signal(signal.SIGCONT)
    expect(reader.main()).to_have_text("Стоп")
    reader.main().click()
    expect(reader.main()).to_have_text("Ещё раз")
    assert not reader.faults
