"""The log of a run: what is in it, and that it is always the same."""

from __future__ import annotations

import json

import pytest

from sandbox.jail import Jail
from tests.sandbox.lab.conftest import Rehearse
from tests.sandbox.runs import play

BUSY = """
    import asyncio
    import random

    class Thing:
        pass

    async def client(lab, n):
        while True:
            await asyncio.sleep(lab.random.expovariate(3.0))
            delay = random.random() * lab.control("latency")
            done, late = await asyncio.wait(
                [asyncio.create_task(asyncio.sleep(delay)), asyncio.create_task(asyncio.sleep(0.1))],
                return_when=asyncio.FIRST_COMPLETED,
            )
            lab.emit("call", n=n, done=len(done), names=sorted({"а", "б", "в"}), order=list({"x", "y", "z"}))

    async def scenario(lab):
        lab.on_control("latency", lambda value: print("задержка", value))
        for n in range(20):
            lab.spawn(client(lab, n))
"""


def test_the_same_seed_gives_the_same_bytes(rehearse: Rehearse) -> None:
    given = {"controls": {"latency": 0.2}, "duration": 10.0}
    one, other = rehearse(BUSY, **given), rehearse(BUSY, **given)
    assert len(one) > 300
    assert json.dumps(one) == json.dumps(other)


def test_another_seed_gives_another_log(rehearse: Rehearse) -> None:
    given = {"controls": {"latency": 0.2}, "duration": 3.0}
    assert rehearse(BUSY, **given, seed=1) != rehearse(BUSY, **given, seed=2)


def test_a_jail_writes_the_same_bytes_as_a_rehearsal(rehearse: Rehearse, jail: Jail) -> None:
    given = {"controls": {"latency": 0.2}, "duration": 10.0, "script": [[2.0, "latency", 0.5]]}
    outside = [
        {key: value for key, value in event.items() if key != "seq"} for event in rehearse(BUSY, **given)
    ]
    inside = play(jail, BUSY, **given).events
    assert inside == outside


def test_the_first_event_tells_what_was_started(rehearse: Rehearse) -> None:
    first = rehearse("async def scenario(lab): pass", controls={"rps": 5}, duration=3.0, seed=11)[0]
    assert first == {
        "seq": 1,
        "t": 0.0,
        "kind": "run.started",
        "seed": 11,
        "duration": 3.0,
        "clock": "virtual",
        "controls": {"rps": 5},
    }


def test_the_last_event_tells_how_it_ended(rehearse: Rehearse) -> None:
    last = rehearse("async def scenario(lab): pass")[-1]
    assert (last["kind"], last["state"], last["reason"]) == ("run.ended", "finished", "done")


def test_printed_lines_are_events(rehearse: Rehearse) -> None:
    events = rehearse("""
        import sys
        async def scenario(lab):
            print("раз", 2)
            print("три", end="")
            print("дцать\\nи ещё", file=sys.stderr)
            print("хвост", end="")
    """)
    assert [event["text"] for event in events if event["kind"] == "out"] == [
        "раз 2",
        "тридцать",
        "и ещё",
        "хвост",
    ]


def test_a_very_long_printed_line_is_cut(rehearse: Rehearse) -> None:
    events = rehearse("async def scenario(lab):\n    print('x' * 100_000)")
    assert all(len(event["text"]) <= 2000 for event in events if event["kind"] == "out")


@pytest.mark.parametrize(
    "call",
    [
        'lab.emit("run.ended")',
        'lab.emit("problem")',
        'lab.emit("mine", t=1)',
        'lab.emit("mine", x={"nested": 1})',
        'lab.emit("mine", x=[[1]])',
        'lab.emit("mine", x=float("nan"))',
        'lab.emit("mine", x=object())',
        'lab.emit("mine", x=list(range(1000)))',
    ],
)
def test_an_event_that_cannot_be_written_is_refused_with_its_line(rehearse: Rehearse, call: str) -> None:
    events = rehearse(f"async def scenario(lab):\n    {call}")
    assert [event["kind"] for event in events] == ["run.started", "problem", "run.ended"]
    assert (events[1]["error"], events[1]["line"]) == ("ValueError", 2)


def test_text_of_any_kind_survives(rehearse: Rehearse) -> None:
    events = rehearse("async def scenario(lab):\n    lab.emit('text', x='«ёлочки» \\n 🙂 ' + chr(0xD800))")
    assert events[1]["x"] == "«ёлочки» \n 🙂 ?"
