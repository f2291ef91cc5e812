"""Every scene in a real browser: frames a second at ×1, milliseconds of one draw, milliseconds of a seek.

A draw is all the card does for a frame: the state, the scene, the timeline, the table. Options:
`--only=<slug>`.
"""

from __future__ import annotations

import os
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.table import percentile, show
from launch import setup
from launch.processes import Stack, free_port

SECONDS = 10  # of the recording are played
SEEKS = 200

PLAY = """seconds => new Promise(done => {
  const { player } = document.querySelector('poligon-demo');
  const draws = [];
  const draw = player.draw.bind(player);
  player.draw = () => { const begun = performance.now(); draw(); draws.push(performance.now() - begun); };
  player.seek(0);
  player.toggle();
  const frames = [];
  const begun = performance.now();
  const frame = (now) => {
    frames.push(now);
    if (performance.now() - begun < seconds * 1000) requestAnimationFrame(frame);
    else { player.toggle(); player.draw = draw; done({ draws, frames }); }
  };
  requestAnimationFrame(frame);
})"""
SEEK = """count => {
  const { player } = document.querySelector('poligon-demo');
  const took = [];
  for (let i = 0; i < count; i += 1) {
    const t = (((i * 61) % count) / count) * player.run.end;
    const begun = performance.now();
    player.seek(t);
    took.push(performance.now() - begun);
  }
  return took;
}"""


def main(options: list[str]) -> None:
    """Print one row a lesson."""
    only = {word.removeprefix("--only=") for word in options if word.startswith("--only=")}
    rows = []
    with tempfile.TemporaryDirectory(prefix="poligon-scenes-") as folder:
        var = Path(os.path.realpath(folder))
        with Stack(var, port=free_port(), concurrency=2) as running, sync_playwright() as tools:
            setup.jail_root(running.env)
            running.start_valkey()
            setup.site_data(running.env)
            running.start_web()
            browser = tools.chromium.launch(
                executable_path=str(setup.browser()), args=list(setup.BROWSER_OPTIONS)
            )
            for slug in _slugs(running.env):
                if not only or slug in only:
                    rows.append(_row(browser, running.url, slug))
            browser.close()
    show(
        f"Scenes: {SECONDS} s of the recording at ×1, {SEEKS} seeks",
        (
            "scene",
            "frames/s",
            "late frames",
            "draw p50 ms",
            "draw p95 ms",
            "seek p50 ms",
            "seek p95 ms",
            "events",
            "KB",
        ),
        rows,
    )


def _slugs(env: dict[str, str]) -> list[str]:
    content = Path(env.get("CONTENT_DIR") or setup.ROOT / "content")
    return [path.parent.name.split("-", 1)[1] for path in sorted(content.glob("*/*/scene.js"))]


def _row(browser: Browser, url: str, slug: str) -> list[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/lessons/{slug}/")
    page.locator("poligon-demo").scroll_into_view_if_needed()
    page.wait_for_selector("poligon-demo[data-ready]")
    page.wait_for_function("document.querySelector('poligon-demo').player.run.events.length > 0")
    page.wait_for_timeout(500)
    played = page.evaluate(PLAY, SECONDS)
    frames = played["frames"]
    gaps = [after - before for before, after in pairwise(frames)]
    seeks = page.evaluate(SEEK, SEEKS)
    events = page.evaluate("document.querySelector('poligon-demo').player.run.events.length")
    size = next((setup.ROOT / "content").glob(f"*/*-{slug}/recording.jsonl.gz")).stat().st_size
    context.close()
    return [
        slug,
        f"{1000 * len(gaps) / sum(gaps):.0f}",
        sum(gap > 25 for gap in gaps),
        f"{percentile(played['draws'], 0.5):.2f}",
        f"{percentile(played['draws'], 0.95):.2f}",
        f"{percentile(seeks, 0.5):.2f}",
        f"{percentile(seeks, 0.95):.2f}",
        events,
        f"{size / 1024:.1f}",
    ]
