"""From the contents to a graded solution, on the real stack: Valkey, a worker, the jail, a browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.e2e.conftest import Reader, code


def test_a_guest_reads_trips_breaks_and_edits_then_alisa_submits_and_boris_sees_it_all(
    reader: Reader, another: Reader
) -> None:
    page = reader.page
    page.goto("/")
    page.get_by_role("link", name=re.compile("Circuit breaker")).first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Circuit breaker")

    # watches it trip live
    reader.demo()
    reader.choose_speed("8")
    reader.main().click()
    expect(reader.main()).to_have_text("Стоп")
    expect(reader.badge()).to_have_text(re.compile("Разомкнут"))

    # breaks the service with a control, and sees the control in the log
    reader.choose_speed("1")
    page.locator("poligon-demo").get_by_label("Сервис лежит").click()
    expect(page.locator("poligon-demo")).to_contain_text("Сервис лежит")
    reader.main().click()
    expect(reader.main()).to_have_text("Ещё раз")

    # edits the code and watches their own breaker
    reader.write(
        "demo", code("reference.py").replace('self._state: State = "closed"', 'self._state: State = "open"')
    )
    reader.choose_speed("8")
    page.get_by_role("button", name="Запустить мой код").click()
    expect(page.locator("poligon-demo .k-source")).to_contain_text("моя")
    expect(reader.main()).to_have_text("Ещё раз")

    # logs in; nothing typed is lost
    reader.log_in("Алиса")
    reader.open_lesson()
    expect(reader.editor("demo").locator("textarea")).to_have_value(
        re.compile(re.escape('self._state: State = "open"'))
    )

    # submits a wrong solution: one hidden check after another, the failing one opens as a run
    reader.write("exercise", code("naive.py"))
    page.get_by_role("button", name="Проверить решение").click()
    failed = page.locator("poligon-exercise li.case.failed")
    expect(failed.first).to_be_visible()
    expect(page.locator("poligon-exercise .verdict h3")).to_contain_text(" из ")
    expect(page.locator("poligon-exercise li.case.passed").first).to_be_visible()
    expect(failed.first).to_contain_text("ожидалось")
    link = failed.get_by_role("link", name=re.compile("Посмотреть как прогон")).first
    expect(link).to_be_visible()
    address = link.get_attribute("href")
    assert address

    # submits a right one
    reader.write("exercise", code("reference.py"))
    page.get_by_role("button", name="Проверить решение").click()
    expect(page.locator("poligon-exercise li.case.failed")).to_have_count(0)
    expect(page.locator("poligon-exercise .verdict h3")).to_contain_text(re.compile("[Рр]еш"))

    page.goto(address)
    card = reader.demo()
    expect(reader.badge()).to_be_visible()
    expect(page.locator("[data-run-state]")).to_have_text("не\u00a0пройдена")
    expect(card.locator(".k-notice")).to_contain_text("Нарушение на ")
    expect(card.locator(".k-flag.tone-fail")).to_have_text("нарушение")
    card.get_by_text("Журнал событий").click()
    expect(card.locator("tr.k-failed")).to_contain_text("Ожидалось: ")
    page.get_by_role("link", name="К решению и остальным проверкам").click()
    expect(page).to_have_url(re.compile(r"/submissions/\d+/$"))

    # the instructor sees it all in the admin
    another.log_in("Борис")
    another.page.goto("/admin/lessons/submission/")
    expect(another.page.locator("#result_list")).to_contain_text("Алиса")
    another.page.goto("/admin/lessons/lessonrun/")
    expect(another.page.locator("#result_list")).to_contain_text("5.1 Circuit breaker")
    assert not reader.faults
