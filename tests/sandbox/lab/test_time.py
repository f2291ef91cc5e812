"""Virtual time: plain asyncio, in which nothing passes but the scenario's own seconds."""

from __future__ import annotations

import time
from typing import Any

from tests.sandbox.lab.conftest import Rehearse


def times(events: list[dict[str, Any]], kind: str) -> list[float]:
    return [event["t"] for event in events if event["kind"] == kind]


def test_sleeping_moves_the_clock_by_exactly_that_much(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio
        async def scenario(lab):
            for _ in range(3):
                await asyncio.sleep(0.1)
                lab.emit("woke")
    """)
    assert times(events, "woke") == [0.1, 0.2, 0.3]


def test_a_deadline_is_reached_when_exactly_that_long_was_slept(rehearse: Rehearse) -> None:
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            loop = asyncio.get_running_loop()
            await asyncio.sleep(0.7)
            opened = loop.time()
            for k in range(100):
                await asyncio.sleep(0.37)
                slept = loop.time()
                await asyncio.sleep(5.0)
                lab.emit("checked", due=loop.time() >= slept + 5.0)
    """,
        duration=600.0,
    )
    assert all(event["due"] for event in events if event["kind"] == "checked")
    assert len(times(events, "checked")) == 100


def test_wait_for_times_out_in_virtual_time(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio
        async def scenario(lab):
            try:
                await asyncio.wait_for(asyncio.Event().wait(), 3)
            except TimeoutError:
                lab.emit("late")
    """)
    assert times(events, "late") == [3.0]


def test_ten_thousand_sleeps_end_at_their_virtual_time(rehearse: Rehearse) -> None:
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            async def one():
                for _ in range(100):
                    await asyncio.sleep(1.01)
            await asyncio.gather(*[one() for _ in range(100)])
            lab.emit("done")
    """,
        duration=200.0,
    )
    assert times(events, "done") == [101.0]


def test_the_time_module_answers_with_the_scenarios_clock(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio, time
        async def scenario(lab):
            a = time.monotonic(), time.perf_counter(), time.time()
            await asyncio.sleep(2.5)
            b = time.monotonic(), time.perf_counter(), time.time()
            lab.emit("passed", seconds=[y - x for x, y in zip(a, b)])
    """)
    assert events[1]["seconds"] == [2.5, 2.5, 2.5]


def test_a_blocking_sleep_holds_everyone_up(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio, time
        async def other(lab):
            await asyncio.sleep(1)
            lab.emit("other")
        async def scenario(lab):
            lab.spawn(other(lab))
            await asyncio.sleep(0)
            time.sleep(4)
            lab.emit("blocked")
    """)
    assert times(events, "blocked") == [4.0]
    assert times(events, "other") == [4.0]


def test_virtual_time_waits_for_a_thread(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio, threading
        async def scenario(lab):
            await asyncio.to_thread(sum, range(3_000_000))
            lab.emit("summed")
    """)
    assert times(events, "summed") == [0.0]


def test_the_run_ends_at_its_duration(rehearse: Rehearse) -> None:
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            while True:
                await asyncio.sleep(1)
                lab.emit("tick")
    """,
        duration=5.0,
    )
    assert times(events, "tick") == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert (events[-1]["t"], events[-1]["state"]) == (5.0, "finished")


def test_the_run_ends_when_the_scenario_and_all_it_spawned_have(rehearse: Rehearse) -> None:
    events = rehearse("""
        import asyncio
        async def long(lab):
            await asyncio.sleep(3)
            lab.emit("last")
        async def scenario(lab):
            lab.spawn(long(lab))
    """)
    assert times(events, "last") == [3.0]
    assert events[-1]["t"] == 3.0


def test_a_scenario_that_waits_for_nothing_that_comes_ends_at_its_duration(rehearse: Rehearse) -> None:
    events = rehearse(
        "import asyncio\nasync def scenario(lab):\n    await asyncio.Event().wait()", duration=30.0
    )
    assert (events[-1]["t"], events[-1]["state"]) == (30.0, "finished")


def test_time_that_cannot_move_is_told(rehearse: Rehearse) -> None:
    events = rehearse("import asyncio\nasync def scenario(lab):\n    while True: await asyncio.sleep(0)")
    assert events[-2]["error"] == "TimeStandsStill"
    assert events[-1]["state"] == "failed"


def test_the_real_clock_takes_real_seconds(rehearse: Rehearse) -> None:
    began = time.monotonic()
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            await asyncio.sleep(0.3)
            lab.emit("woke")
    """,
        clock="real",
    )
    assert time.monotonic() - began >= 0.3
    assert times(events, "woke")[0] >= 0.3
    assert events[0]["clock"] == "real"


def test_the_real_clock_ends_at_its_duration_however_busy(rehearse: Rehearse) -> None:
    events = rehearse(
        "import asyncio\nasync def scenario(lab):\n    while True: await asyncio.sleep(0)",
        clock="real",
        duration=0.3,
    )
    assert events[-1]["state"] == "finished"
