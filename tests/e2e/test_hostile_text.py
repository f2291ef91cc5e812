"""What a hostile demo prints is text wherever people read it: card, table, run page, admin."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Reader, code

MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>'
HOSTILE = f"""
# {MARKUP}
print({MARKUP!r})
print("\\x1b[2J\\x1b]0;чужое имя\\x07 конец")
print("до \\u202eзадом наперёд\\u202c после")
"""
FAILING = f"""
raise ValueError({MARKUP!r} + "\\x1b[31m" + "\\u202eзадом наперёд")
"""


def is_only_text(page: Page) -> None:
    assert page.evaluate("window.pwned") is None
    assert page.locator("img[src=x]").count() == 0
    assert page.title().count("чужое") == 0


def run(reader: Reader, text: str) -> None:
    reader.choose_speed("8")
    reader.write("demo", text)
    reader.page.get_by_role("button", name="Запустить мой код").click()
    expect(reader.page.locator("poligon-demo .k-source")).to_contain_text("моя")
    expect(reader.main()).to_have_text("Ещё раз")


def printed(reader: Reader) -> None:
    """The table of events, at its beginning, shows each thing printed as it was, nothing unseen in it."""
    card = reader.demo()
    if not card.locator("details.k-log, details:has(.k-log-frame)").first.evaluate("one => one.open"):
        card.get_by_text("Журнал событий").first.click()
    card.get_by_label("Показывать").select_option("out")
    body = card.locator(".k-log-frame tbody")
    expect(body).to_contain_text(MARKUP)
    expect(body).to_contain_text("␛[2J␛]0;чужое имя␇ конец")
    expect(body).to_contain_text("до [U+202E]задом наперёд[U+202C] после")
    is_only_text(reader.page)


def test_what_a_demo_prints_is_text_for_everybody(reader: Reader, another: Reader) -> None:
    reader.log_in("Алиса")
    reader.open_lesson()
    run(reader, code("reference.py") + HOSTILE)
    printed(reader)

    # the run's own page, for somebody with the link
    with reader.page.expect_response(re.compile("/api/v1/runs/$")) as started:
        reader.main().click()
    address = started.value.json()["url"]
    expect(reader.main()).to_have_text("Стоп")
    reader.main().click()
    expect(reader.main()).to_have_text("Ещё раз")
    another.log_in("Борис")
    another.page.goto(address)
    printed(another)
    another.page.get_by_text("Код прогона").click()
    expect(another.page.locator("pre").filter(has_text=MARKUP).first).to_be_visible()
    is_only_text(another.page)

    # and the instructor's admin
    another.page.goto(f"/admin/lessons/lessonrun/{address.split('/')[2]}/change/")
    expect(another.page.locator("body")).to_contain_text(MARKUP)
    is_only_text(another.page)
    another.page.goto("/admin/lessons/lessonrun/")
    is_only_text(another.page)
    assert not [*reader.faults, *another.faults]


def test_what_an_exception_says_is_text_on_the_card(reader: Reader) -> None:
    reader.open_lesson()
    run(reader, code("reference.py") + FAILING)
    notice = reader.page.locator("poligon-demo .k-notice")
    expect(notice).to_contain_text(f"ValueError: {MARKUP}␛[31m[U+202E]задом наперёд")
    expect(reader.editor("demo")).to_contain_text(f"{MARKUP}␛[31m[U+202E]задом наперёд")
    is_only_text(reader.page)
    assert not reader.faults
