"""The frame of every page: theme, menu, doors, faults; readable by everybody, still, and light."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from launch import setup
from tests.front.conftest import LESSON, Lesson

AXE = setup.ROOT / "node_modules" / "axe-core" / "axe.min.js"
DIST = setup.ROOT / "static" / "dist"
CODE = LESSON + "code/"
DOORS = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
)
FINDING = ("/chapters/fault-tolerance/", "/glossary/", "/search/?q=цепь", "/search/?q=ъъъ")
PAGES = ("/", *FINDING, LESSON, CODE + "?slot=demo", CODE + "?slot=exercise", "/no-such-page/", *DOORS)
MEMBERS_PAGES = ("/accounts/logout/", "/accounts/password/change/", "/accounts/email/")

SHIFTS = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => {
        for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
    }).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(sum), 300);
})"""


def walk(page: Page) -> None:
    """Scroll through the page, so that every element wakes; open what is folded."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for y in range(0, height, 700):
        page.evaluate("y => scrollTo(0, y)", y)
        page.wait_for_timeout(50)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.wait_for_load_state("networkidle")


def violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return [f"{one['id']}: {node['html'][:120]}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_on_a_guests_page(page: Page, address: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.goto(address)
    walk(page)
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_a_members_page(lesson: Lesson, theme: str) -> None:
    lesson.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    lesson.log_in("Ева")
    for address in MEMBERS_PAGES:
        lesson.page.goto(address)
        assert violations(lesson.page) == []


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("address", PAGES)
def test_no_page_is_wider_than_its_window(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(address)
    walk(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_jumps_while_the_lesson_loads_and_wakes(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(LESSON)
    page.wait_for_load_state("networkidle")
    for y in range(0, 6000, 600):
        page.evaluate("y => scrollTo(0, y)", y)
        page.wait_for_timeout(50)
    assert page.evaluate(SHIFTS) <= 0.02


def test_the_chosen_theme_is_there_before_the_first_paint_of_the_next_page(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    page.get_by_role("button", name="Тёмная тема").click()
    page.add_init_script(
        "addEventListener('DOMContentLoaded', () => {"
        "  window.atStart = document.documentElement.dataset.theme; })"
    )
    page.goto(LESSON)
    assert page.evaluate("window.atStart") == "dark"
    expect(page.get_by_role("button", name="Тёмная тема")).to_have_attribute("aria-pressed", "true")


def test_choosing_what_the_system_says_forgets_the_choice(page: Page) -> None:
    page.emulate_media(color_scheme="light")
    page.goto("/")
    toggle = page.get_by_role("button", name="Тёмная тема")
    toggle.click()
    toggle.click()
    assert page.evaluate("localStorage.getItem('theme')") is None


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="К содержанию страницы")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_a_page_shared_by_all_shows_a_member_their_menu(lesson: Lesson) -> None:
    lesson.log_in("Борис")
    lesson.open()
    menu = lesson.page.locator(".account summary")
    expect(menu).to_contain_text("Борис")
    menu.click()
    expect(lesson.page.get_by_role("link", name="Преподавателям")).to_be_visible()
    lesson.page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_a_guest_comes_back_from_the_door_to_the_lesson(lesson: Lesson) -> None:
    lesson.open()
    door = lesson.page.locator(".account a")
    expect(door).to_have_attribute("href", re.compile("next=%2Flessons%2Fcircuit-breaker%2F"))


def test_logging_out_asks_first(lesson: Lesson) -> None:
    lesson.log_in("Ева")
    lesson.page.goto("/accounts/logout/")
    lesson.page.get_by_role("button", name="Выйти").click()
    expect(lesson.page.locator(".account")).to_contain_text("Войти")


def test_a_wrong_password_is_said_beside_the_form(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Адрес электронной почты").fill("alisa@poligon.example")
    page.get_by_label("Пароль").fill("not-this-one")
    page.get_by_role("button", name="Войти").click()
    expect(page.get_by_role("alert")).to_contain_text("Не\u00a0подходит адрес или пароль")


def test_a_listing_is_copied_without_its_line_numbers(page: Page, base_url: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base_url)
    page.goto(LESSON)
    listing = page.locator(".listing").first
    listing.get_by_role("button", name="Копировать").click()
    expect(listing.get_by_role("button", name="Скопировано")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == listing.locator("pre").text_content()


def _weight(path: Path, seen: set[Path]) -> int:
    """Bytes of gzip of a script with all it imports at once (not what it imports later)."""
    if path in seen:
        return 0
    seen.add(path)
    text = path.read_text()
    wanted = re.findall(r'(?:^|[;}\s])(?:import|export)(?:[^"();]*?from)?"(\.[^"]+\.js)"', text)
    own = len(gzip.compress(text.encode(), 9))
    return own + sum(_weight((path.parent / name).resolve(), seen) for name in wanted)


def test_the_base_script_weighs_at_most_5_kilobytes(base_url: str) -> None:
    assert _weight(DIST / "main.js", set()) <= 5 * 1024


def test_the_editor_weighs_at_most_150_kilobytes(base_url: str) -> None:
    chunks = [path for name in ("editor", "codemirror") for path in (DIST / "chunks").glob(f"{name}-*.js")]
    seen: set[Path] = set()
    assert len(chunks) == 2
    assert sum(_weight(path, seen) for path in chunks) <= 150 * 1024


def test_the_fonts_weigh_at_most_44_kilobytes(base_url: str) -> None:
    fonts = list((DIST / "fonts").glob("*.woff2"))
    assert len(fonts) == 6
    assert sum(path.stat().st_size for path in fonts) <= 44 * 1024
