"""The lesson page in a real browser on the real stack, in the words of its blocks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from classroom.demo import CAST

LESSON = "/lessons/circuit-breaker/"
PATIENCE = 20_000  # ms; generous, because the machine may be busy: how fast things are is for bench/
PEOPLE = {person.name: person for person in CAST}


@pytest.fixture(autouse=True)
def _patience() -> None:
    expect.set_options(timeout=PATIENCE)


class Lesson:
    """The lesson as one browser shows it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self) -> Lesson:
        self.page.goto(LESSON)
        return self

    def log_in(self, name: str) -> None:
        person = PEOPLE[name]
        self.page.goto("/accounts/login/")
        self.page.get_by_label("Адрес электронной почты").fill(person.email)
        self.page.get_by_label("Пароль").fill(person.password)
        self.page.get_by_role("button", name="Войти").click()
        expect(self.page).not_to_have_url("/accounts/login/")

    def editor(self) -> Locator:
        """The exercise's editor, awake."""
        editor = self.page.locator("poligon-editor[data-slot=exercise]")
        editor.scroll_into_view_if_needed()
        expect(editor.locator(".editor-bar")).to_be_visible()
        return editor

    def write(self, text: str) -> Locator:
        """Replace the exercise's code by typing; gives the editor."""
        editor = self.editor()
        if editor.locator("textarea").is_visible():
            editor.locator("textarea").click()
        editor.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)
        return editor

    def value(self) -> Locator:
        """What the form would send."""
        return self.editor().locator("textarea")

    def status(self) -> Locator:
        return self.editor().locator(".editor-status")

    def block(self, name: str) -> Locator:
        """The first predict or quiz, awake."""
        block = self.page.locator(f"poligon-{name}").first
        block.scroll_into_view_if_needed()
        expect(block.get_by_role("button").first).to_be_visible()
        return block


@pytest.fixture
def lesson(page: Page) -> Iterator[Lesson]:
    shown = Lesson(page)
    yield shown
    assert not shown.faults


@pytest.fixture
def elsewhere(
    browser: Browser, base_url: str, browser_context_args: dict[str, object], page: Page
) -> Iterator[Lesson]:
    """The same person in another browser window: call after logging in, the session is copied."""
    context = browser.new_context(**{**browser_context_args, "base_url": base_url})  # type: ignore[arg-type]
    yield Lesson(context.new_page())
    context.close()
