"""A reader's hands and eyes: what the browser tests do with a page, in the reader's words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from classroom.demo import CAST
from launch import setup

LESSON = "/lessons/circuit-breaker/"
FOLDER = setup.ROOT / "content" / "05-fault-tolerance" / "01-circuit-breaker"
PEOPLE = {person.name: person for person in CAST}
PATIENCE = 30_000  # ms; generous, because the machine may be busy: how fast things are is for bench/


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=PATIENCE)


class Reader:
    """One person at the browser."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console", lambda message: self.faults.append(message.text) if message.type == "error" else None
        )

    def log_in(self, name: str) -> None:
        person = PEOPLE[name]
        self.page.goto("/accounts/login/")
        self.page.locator("input[name=login]").fill(person.email)
        self.page.locator("input[name=password]").fill(person.password)
        self.page.get_by_role("button", name="Войти").click()
        self.page.wait_for_url(re.compile(r"^(?!.*/accounts/login)"))

    def open_lesson(self) -> Locator:
        """The lesson's demo card, ready to be played with."""
        self.page.goto(LESSON)
        return self.demo()

    def demo(self) -> Locator:
        card = self.page.locator("poligon-demo")
        card.scroll_into_view_if_needed()
        expect(card).to_have_attribute("data-ready", "")
        return card

    def main(self) -> Locator:
        return self.page.locator("poligon-demo .k-main")

    def badge(self) -> Locator:
        return self.page.locator("poligon-demo .k-badge")

    def choose_speed(self, value: str) -> None:
        self.page.locator("poligon-demo .k-speed").select_option(value)

    def editor(self, slot: str) -> Locator:
        """An editor, unfolded and in sight."""
        editor = self.page.locator(f"poligon-editor[data-slot={slot}]")
        for folded in editor.locator("xpath=ancestor::details[not(@open)]").all():
            folded.locator("summary").first.click()
        editor.scroll_into_view_if_needed()
        return editor

    def write(self, slot: str, text: str) -> None:
        """Replace the code in an editor as a person would: select all, type over."""
        editor = self.editor(slot)
        expect(
            editor.locator(".editor-head")
        ).to_be_visible()  # a click before that is nobody's on a slow machine
        if editor.locator("textarea").is_visible():
            editor.locator("textarea").click()
        content = editor.locator(".cm-content")
        expect(content).to_be_visible()
        content.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)


@pytest.fixture
def context(context: BrowserContext, base_url: str) -> BrowserContext:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base_url)
    return context


@pytest.fixture
def reader(page: Page) -> Reader:
    return Reader(page)


@pytest.fixture
def another(browser: Browser, base_url: str, browser_context_args: dict[str, object]) -> Iterator[Reader]:
    """Somebody else, at another browser."""
    context = browser.new_context(**{**browser_context_args, "base_url": base_url})  # type: ignore[arg-type]
    yield Reader(context.new_page())
    context.close()


def code(name: str) -> str:
    return (FOLDER / name).read_text()


def wrong_solutions() -> list[Path]:
    return sorted((FOLDER / "exercise" / "wrong").glob("*.py"))
