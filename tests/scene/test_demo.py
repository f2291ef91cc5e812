"""The demo card in a real browser on the real stack: recording, live run, scrubbing, forks, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

LESSON = "/lessons/circuit-breaker/"
PATIENCE = 30_000  # ms; the machine may be busy, and speed is measured in bench/


class Card:
    """The demo card and what its reader does with it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.faults.append(str(error)))

    def open(self, address: str = LESSON) -> Card:
        self.page.goto(address)
        self.box.scroll_into_view_if_needed()
        expect(self.box).to_have_attribute("data-ready", "", timeout=PATIENCE)
        self.wait("d => d.player.run.events.length > 0")
        return self

    @property
    def box(self) -> Locator:
        return self.page.locator("poligon-demo")

    def button(self, name: str) -> Locator:
        return self.box.get_by_role("button", name=name, exact=True)

    def ask(self, expression: str) -> Any:
        return self.box.evaluate(expression)

    def wait(self, expression: str) -> None:
        self.page.wait_for_function(f"() => ({expression})(document.querySelector('poligon-demo'))")

    def start(self) -> None:
        self.box.locator(".k-main").click()
        self.wait("d => d.mode === 'live' && d.player.t > 1")

    def stop(self) -> None:
        self.button("Стоп").click()
        self.wait("d => d.mode === 'ended'")


@pytest.fixture
def card(page: Page) -> Iterator[Card]:
    shown = Card(page)
    yield shown
    assert not shown.faults


def test_the_recording_stands_at_a_telling_moment_and_does_not_start_by_itself(card: Card) -> None:
    card.open()
    moment = card.ask("d => d.player.t")
    card.page.wait_for_timeout(500)
    assert card.ask("d => d.player.t") == moment > 0
    expect(card.box.locator(".k-badge")).to_have_text("Разомкнут")


def test_the_controls_of_a_recording_are_closed_and_say_why(card: Card) -> None:
    card.open()
    expect(card.box.get_by_label("Доля ошибок")).to_be_disabled()
    expect(card.box.locator(".k-reason")).to_contain_text("Это запись")


def test_the_recording_is_played_and_walked_by_keyboard(card: Card) -> None:
    card.open()
    card.box.locator(".k-range").focus()
    before = card.ask("d => d.player.t")
    card.page.keyboard.press("PageUp")
    assert card.ask("d => d.player.t") > before
    card.page.keyboard.press("Space")
    card.wait("d => d.player.clock.playing")


def test_every_event_is_in_the_table_and_a_row_leads_to_its_moment(card: Card) -> None:
    card.open()
    card.box.get_by_text("Журнал событий").click()
    card.box.get_by_label("Показывать").select_option("breaker.state")
    first = card.box.locator(".k-log tbody button").first
    expect(first).to_be_visible()
    first.click()
    expect(card.box.locator(".k-log tr[aria-current]")).to_contain_text("замкнут → разомкнут")


def test_a_control_moved_in_a_live_run_comes_back_as_an_event(card: Card) -> None:
    card.open().start()
    card.box.get_by_label("Сервис лежит").click()
    card.wait("d => d.player.run.events.some(e => e.kind === 'control.set' && e.name === 'down' && e.value)")
    card.stop()


def test_the_story_moves_the_switch_on_the_panel_and_a_fork_leaves_that_to_it(card: Card) -> None:
    card.open()
    card.box.get_by_label("Скорость").select_option("8")
    card.start()
    expect(card.box.get_by_label("Сервис лежит")).to_be_checked(timeout=PATIENCE)
    card.stop()
    card.ask("d => d.player.seek(6.5)")
    card.button("Повторить с изменениями").click()
    expect(card.box.get_by_label("Сервис лежит")).to_be_checked()
    assert card.ask("d => d.fork.inputs.script") == []
    card.button("Не повторять").click()


def test_the_reader_scrubs_back_while_the_run_goes_on_and_returns_to_its_edge(card: Card) -> None:
    card.open().start()
    card.ask("d => d.player.seek(0.5)")
    end = card.ask("d => d.player.run.end")
    card.wait(f"d => d.player.run.end > {end + 0.3}")
    assert card.ask("d => d.player.t") == 0.5
    card.button("К эфиру").click()
    card.wait("d => d.player.clock.following && d.player.t > 1")
    card.stop()


def test_a_paused_run_stands_and_makes_one_event_a_step(card: Card) -> None:
    card.open().start()
    card.button("Пауза").click()
    card.wait("d => d.player.held && d.socket.unsettled.size === 0")
    card.page.wait_for_timeout(300)
    count = card.ask("d => d.player.run.events.length")
    card.button("На одно событие вперёд").click()
    card.wait(f"d => d.player.run.events.length > {count}")
    card.stop()


def test_a_fork_repeats_the_run_up_to_its_moment_and_then_differs(card: Card) -> None:
    card.open().start()
    card.wait("d => d.player.run.end > 2.5")
    card.stop()
    card.ask("d => d.player.seek(2)")
    before = card.ask("d => d.player.run.events.filter(e => e.t < 2)")
    card.button("Повторить с изменениями").click()
    card.box.get_by_label("Сервис лежит").click()
    card.button("Повторить").click()
    card.wait("d => d.mode === 'live' && d.player.run.end > 2.2")
    assert card.ask("d => d.player.run.events.filter(e => e.t < 2)") == before
    assert card.ask("d => d.player.run.events.find(e => e.kind === 'control.set').t") == 2
    card.stop()


def test_a_shared_link_opens_the_run_at_its_moment(card: Card) -> None:
    card.open().start()
    card.stop()
    card.ask("d => d.player.seek(0.75)")
    card.button("Поделиться моментом").click()
    link = card.box.get_by_label("Ссылка").input_value()
    assert re.search(r"/runs/[\w-]{22}/\?t=0\.75$", link)
    card.open(link)
    assert card.ask("d => d.player.t") == 0.75


def test_a_stranger_watches_a_run_but_does_not_steer_it(
    card: Card, browser: Browser, browser_context_args: dict[str, Any], base_url: str
) -> None:
    card.open().start()
    eva = Card(browser.new_context(**{**browser_context_args, "base_url": base_url}).new_page())
    eva.open(f"/runs/{card.ask('d => d.runId')}/")
    expect(eva.box.get_by_label("Доля ошибок")).to_be_disabled()
    expect(eva.box.locator(".k-reason")).to_contain_text("тот, кто его запустил")
    card.stop()
    eva.page.context.close()


def test_the_readers_own_mistake_is_shown_with_its_line(card: Card) -> None:
    card.open()
    card.page.evaluate(
        "text => document.dispatchEvent("
        "new CustomEvent('poligon:code', {detail: {text, slot: 'demo', run: true}}))",
        "class CircuitOpen(Exception):\n    pass\n\nsurprise = 1 / 0\n",
    )
    card.wait("d => d.mode === 'ended'")
    expect(card.box.locator(".k-notice")).to_contain_text("строка 4")
    expect(card.box.locator(".k-notice")).to_contain_text("ZeroDivisionError")


def test_a_cut_line_is_told_and_nothing_is_lost(card: Card) -> None:
    card.open().start()
    card.page.context.set_offline(True)
    expect(card.box.locator(".k-notice")).to_contain_text("Связь прервалась")
    card.page.context.set_offline(False)
    count = card.ask("d => d.player.run.events.length")
    card.wait(f"d => d.player.run.events.length > {count + 5}")
    assert card.ask("d => d.player.run.events.every((e, i) => e.seq === i + 1)")
    card.stop()


def test_a_refused_start_says_why_and_plays_the_recording(card: Card) -> None:
    card.open()
    started = card.page.evaluate(
        """async () => {
        await fetch('/api/v1/lessons/circuit-breaker/mine/');
        const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
        const order = {method: 'POST', headers: {'Content-Type': 'application/json', 'X-CSRFToken': token},
          body: JSON.stringify({lesson: 'circuit-breaker', variant: 'reference', speed: 0.25})};
        const ids = [];
        for (let i = 0; i < 9; i++) {
          const answer = await fetch('/api/v1/runs/', order);
          if (answer.status !== 201) return ids;
          ids.push((await answer.json()).id);
        }
        return [];
        }"""
    )
    assert started, "the quota lets some runs through, but not nine"
    card.button("Пуск").click()
    expect(card.box.locator(".k-notice")).to_contain_text("А пока — запись")
    card.wait("d => d.mode === 'recording' && d.player.clock.playing && d.player.t > 0.2")


def test_the_naive_version_shows_its_queue_before_the_lock(card: Card) -> None:
    card.open()
    card.box.get_by_text("Наивная версия", exact=True).click()
    card.box.locator(".k-speed").select_option("8")
    card.box.locator(".k-main").click()
    expect(card.box.locator(".k-source")).to_have_text("Эфир · наивная версия · виртуальное время")
    expect(card.box.locator(".k-say")).to_contain_text("очередь")
    card.stop()


def test_the_phone_card_shows_picture_and_buttons_on_one_screen(card: Card) -> None:
    card.page.set_viewport_size({"width": 390, "height": 844})
    card.open()
    top = card.box.bounding_box()
    bar = card.box.locator(".k-bar").bounding_box()
    assert top is not None
    assert bar is not None
    assert bar["y"] + bar["height"] - top["y"] <= 844
    assert card.page.evaluate("document.documentElement.scrollWidth") <= 390


def test_with_reduced_motion_the_picture_changes_in_steps(card: Card) -> None:
    card.page.emulate_media(reduced_motion="reduce")
    card.open()
    card.ask("d => { d.player.seek(0); d.player.toggle(); }")
    card.wait("d => d.player.t > 1.2")
    shown = card.ask("d => Number(d.player.timeline.range.value)")
    assert shown % 0.5 == 0


def test_the_picture_is_built_anew_when_the_phone_is_turned(card: Card) -> None:
    card.page.set_viewport_size({"width": 390, "height": 844})
    card.open()
    assert card.ask("d => d.player.sheet.vertical") is True
    card.page.set_viewport_size({"width": 844, "height": 390})
    card.wait("d => d.player.stage.w > 560")
    assert card.ask("d => d.player.sheet.vertical") is False
    card.ask("d => d.player.seek(12)")
    expect(card.box.locator(".k-say")).not_to_be_empty()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_crowd_of_packets_has_the_colours_of_single_ones(card: Card, theme: str) -> None:
    card.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    card.open()
    drawn = card.ask(
        """d => {
            const { packets } = d.player.stage;
            packets.begin();
            for (let i = 0; i < 150; i++) packets.put('ok', 40, 40);
            packets.end();
            const { canvas } = packets;
            const at = Math.round(40 * canvas.ratio);
            const [r, g, b] = canvas.context.getImageData(at, at, 1, 1).data;
            const probe = document.createElement('i');
            probe.style.color = 'var(--ok)';
            d.append(probe);
            const [x, y, z] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
            return [[r, g, b], [x, y, z]];
        }"""
    )
    assert drawn[0] == drawn[1] != [0, 0, 0]


def test_the_levers_of_a_recording_stand_as_they_did_at_the_moment_shown(card: Card) -> None:
    card.open()
    switch = card.box.get_by_role("switch", name="Сервис лежит")
    card.ask("d => d.player.seek(3)")
    expect(switch).not_to_be_checked()
    card.page.wait_for_timeout(300)
    card.ask("d => d.player.seek(12)")
    expect(switch).to_be_checked()
