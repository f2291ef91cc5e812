"""What the site writes into its log: a traceback there means a fault of ours."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from django.test import Client

from coursesite.logs import PlainRefusals
from tests.lessons.content.course import Course

pytestmark = pytest.mark.django_db


class Lines(logging.Handler):
    """Keeps what would be written."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def console() -> Iterator[list[str]]:
    """What the console is written about requests."""
    handler = Lines()
    handler.addFilter(PlainRefusals())
    requests = logging.getLogger("django.request")
    requests.addHandler(handler)
    yield handler.lines
    requests.removeHandler(handler)


def test_the_settings_put_the_filter_on_the_console() -> None:
    console = [handler for handler in logging.root.handlers if type(handler) is logging.StreamHandler]
    assert any(isinstance(one, PlainRefusals) for handler in console for one in handler.filters)


def test_a_refusal_is_one_line(course: Course, evas: Client, console: list[str]) -> None:
    assert evas.get("/admin/", follow=True).status_code == 403
    assert [len(line.splitlines()) for line in console] == [1]


def test_a_fault_of_ours_keeps_its_traceback(console: list[str]) -> None:
    try:
        raise RuntimeError("сломалось")
    except RuntimeError:
        logging.getLogger("django.request").exception("Internal Server Error", extra={"status_code": 500})
    assert "Traceback" in console[0]
