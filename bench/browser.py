"""What a reader feels: Пуск → first event painted, a control moved → its effect seen; weight of pages.

A real browser on the real stack: Valkey, a Celery worker, the jail, uvicorn.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from bench.table import percentile, show
from launch import setup
from launch.processes import Stack, free_port

LESSON = "/lessons/circuit-breaker/"
STARTS = 25
COLD_STARTS = 12
MOVES = 40

# Both end when the frame that shows the change has been drawn: a message posted from an animation frame is
# handled right after that frame is painted.
STARTED = """() => new Promise((done) => {
  PAINTED
  const card = document.querySelector('poligon-demo');
  const main = card.querySelector('.k-main');
  const begun = performance.now();
  const watch = new MutationObserver(() => {
    if (main.dataset.mode !== 'live') return;
    watch.disconnect();
    painted(() => done(performance.now() - begun));
  });
  watch.observe(main, { attributes: true });
  main.click();
})"""
MOVED = """() => new Promise((done) => {
  PAINTED
  const card = document.querySelector('poligon-demo');
  const nodes = card.querySelectorAll('.k-node');
  const service = nodes[nodes.length - 1];
  const before = service.getAttribute('class');
  const begun = performance.now();
  const watch = new MutationObserver(() => {
    if (service.getAttribute('class') === before) return;
    watch.disconnect();
    painted(() => done(performance.now() - begun));
  });
  watch.observe(service, { attributes: true });
  card.querySelector('[role=switch], input[type=checkbox]').click();
})"""
PAINTED = """const painted = (then) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = then;
    port2.postMessage(null);
  });"""
STARTED, MOVED = STARTED.replace("PAINTED", PAINTED), MOVED.replace("PAINTED", PAINTED)
VITALS = """() => new Promise((done) => {
  const found = { lcp: 0, cls: 0 };
  new PerformanceObserver((list) => { for (const e of list.getEntries()) found.lcp = e.startTime; })
    .observe({ type: 'largest-contentful-paint', buffered: true });
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) found.cls += e.value;
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => {
    const files = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    found.bytes = files.reduce((sum, e) => sum + (e.transferSize || 0), 0);
    done(found);
  }, 1500);
})"""
INTERACTIONS = """() => new Promise((done) => {
  const waits = {};
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) {
      if (e.interactionId) waits[e.interactionId] = Math.max(waits[e.interactionId] ?? 0, e.duration);
    }
  }).observe({ type: 'event', buffered: true, durationThreshold: 16 });
  setTimeout(() => done(Object.values(waits)), 300);
})"""


def open_demo(page: Page, url: str) -> None:
    page.goto(url + LESSON)
    page.locator("poligon-demo").scroll_into_view_if_needed()
    page.wait_for_selector("poligon-demo[data-ready]")


def starts(page: Page, url: str, count: int, *, before: Any = None) -> list[float]:
    """Milliseconds from pressing Пуск to the painted frame that holds the first event, `count` times."""
    waits = []
    for _ in range(count):
        open_demo(page, url)
        time.sleep(0.3)
        if before:
            before()
        waits.append(page.evaluate(STARTED))
        page.locator("poligon-demo .k-main").click()
        page.wait_for_selector("poligon-demo .k-main[data-mode=ended]")
    return waits


def moves(page: Page, url: str, count: int) -> list[float]:
    """Milliseconds from a click on «Сервис лежит» to the painted service that shows it."""
    waits = []
    open_demo(page, url)
    while len(waits) < count:
        page.evaluate(STARTED)
        for _ in range(20):
            page.wait_for_timeout(120)
            waits.append(page.evaluate(MOVED))
        page.locator("poligon-demo .k-main").click()
        page.wait_for_selector("poligon-demo .k-main[data-mode=ended]")
    return waits[:count]


def vitals(browser: Browser, url: str) -> list[list[object]]:
    rows: list[list[object]] = []
    for name, path, size in (
        ("contents", "/", (1280, 900)),
        ("lesson", LESSON, (1280, 900)),
        ("lesson, phone", LESSON, (390, 844)),
    ):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="ru-RU")
        page = context.new_page()
        page.goto(url + path)
        found = page.evaluate(VITALS)
        if path == LESSON:
            open_demo(page, url)
            page.wait_for_timeout(500)
            for _ in range(3):
                page.locator("poligon-demo .k-ico").nth(0).click()
                page.locator("poligon-demo .k-ico").nth(2).click()
                page.locator("poligon-demo .k-range").press("ArrowRight")
            waits = page.evaluate(INTERACTIONS)
        else:
            waits = []
        inp = f"{max(waits):.0f}" if waits else "< 16"
        rows.append([name, f"{found['bytes'] / 1024:.0f}", f"{found['lcp']:.0f}", f"{found['cls']:.3f}", inp])
        context.close()
    return rows


def main(options: list[str]) -> None:
    chromium = os.environ.get("POLIGON_CHROMIUM") or str(setup.browser())
    with (
        tempfile.TemporaryDirectory(prefix="poligon-") as folder,
        Stack(Path(folder), port=free_port()) as stack,
        sync_playwright() as playwright,
    ):
        setup.jail_root(stack.env)
        stack.start_valkey()
        setup.site_data(stack.env)
        stack.start_worker()
        stack.start_web()
        browser = playwright.chromium.launch(executable_path=chromium, args=list(setup.BROWSER_OPTIONS))
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        warm = starts(page, stack.url, STARTS)
        moved = moves(page, stack.url, MOVES)
        weights = vitals(browser, stack.url)

        # Cold: a worker that keeps no jail ready must start one when asked.
        stack.stop_one("worker")
        stack.env["WARM_JAILS"] = "0"
        stack.start_worker()
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        cold = starts(page, stack.url, COLD_STARTS)
        browser.close()
    shares = (0.5, 0.95)
    show(
        "What a reader feels, ms until the frame is painted",
        ["what", "times", "p50", "p95", "goal"],
        [
            [
                "Пуск → first event painted, warm jail",
                len(warm),
                *(percentile(warm, s) for s in shares),
                "100 / 250",
            ],
            [
                "Пуск → first event painted, cold jail",
                len(cold),
                *(percentile(cold, s) for s in shares),
                "400",
            ],
            [
                "control moved → effect painted",
                len(moved),
                *(percentile(moved, s) for s in shares),
                "p95 100",
            ],
        ],
    )
    show(
        "Pages: gzip KB transferred, ms",
        ["page", "KB", "LCP (≤ 1500)", "CLS (≤ 0.02)", "INP (≤ 100)"],
        weights,
    )
