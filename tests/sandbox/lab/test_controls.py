"""Acting on a running scenario, live and by script."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.guest import rehearsal
from sandbox.jail import Jail
from sandbox.pool import Pool
from tests.sandbox.lab.conftest import Rehearse
from tests.sandbox.runs import Listener, start

TICKS = """
    import asyncio
    async def scenario(lab):
        lab.on_control("rate", lambda value: lab.emit("heard", value=value))
        n = 0
        while True:
            await asyncio.sleep(0.05)
            n += 1
            lab.emit("tick", n=n, rate=lab.control("rate"))
"""


def test_a_scripted_control_takes_effect_at_its_time(rehearse: Rehearse) -> None:
    events = rehearse(TICKS, controls={"rate": 1}, script=[(0.12, "rate", 5)], duration=0.2)
    said = [(event["t"], event["kind"], event.get("rate")) for event in events[1:-1]]
    assert said == [
        (0.05, "tick", 1),
        (0.1, "tick", 1),
        (0.12, "control.set", None),
        (0.12, "heard", None),
        (0.15, "tick", 5),
        (0.2, "tick", 5),
    ]


def test_a_control_at_a_timers_moment_comes_after_the_timer(rehearse: Rehearse) -> None:
    events = rehearse(TICKS, controls={"rate": 1}, script=[(0.05, "rate", 5)], duration=0.1)
    assert [event["kind"] for event in events[1:4]] == ["tick", "control.set", "heard"]


def test_controls_at_one_moment_come_in_their_order(rehearse: Rehearse) -> None:
    script = [(0.02, "rate", 2), (0.02, "rate", 3), (0.01, "rate", 1)]
    events = rehearse(TICKS, controls={"rate": 0}, script=script, duration=0.04)
    assert [event["value"] for event in events if event["kind"] == "heard"] == [1, 2, 3]


def test_a_control_after_the_end_does_nothing(rehearse: Rehearse) -> None:
    events = rehearse(TICKS, controls={"rate": 0}, script=[(9.0, "rate", 2)], duration=0.1)
    assert "control.set" not in [event["kind"] for event in events]


def test_asking_for_an_unknown_control_names_the_known(rehearse: Rehearse) -> None:
    events = rehearse("async def scenario(lab):\n    lab.control('rat')", controls={"rate": 0, "down": True})
    assert "есть: down, rate" in events[1]["message"]


def test_a_listener_can_be_undone(rehearse: Rehearse) -> None:
    events = rehearse(
        """
        import asyncio
        async def scenario(lab):
            undo = lab.on_control("rate", lambda value: lab.emit("heard", value=value))
            await asyncio.sleep(1)
            undo()
            await asyncio.sleep(1)
        """,
        controls={"rate": 0},
        script=[(0.5, "rate", 1), (1.5, "rate", 2)],
    )
    assert [event["value"] for event in events if event["kind"] == "heard"] == [1]


def test_a_live_control_replayed_as_a_script_gives_the_same_bytes(pool: Pool) -> None:
    with pool.take() as jail:
        jail.send(start(TICKS, pace=4.0, duration=3.0, controls={"rate": 1}))
        listener = Listener(jail)
        for count, value in ((3, 10), (11, 20), (12, 30), (25, 40)):
            listener.until("tick", count)
            jail.send({"op": "set", "name": "rate", "value": value})
            jail.send({"op": "set", "name": "rate", "value": value + 1})
        live = listener.rest()
    recorded = [json.loads(line) for line in live.splitlines()]
    script = [
        (event["t"], event["name"], event["value"]) for event in recorded if event["kind"] == "control.set"
    ]
    assert [value for _, _, value in script] == [10, 11, 20, 21, 30, 31, 40, 41]
    with pool.take() as jail:
        jail.send(start(TICKS, duration=3.0, controls={"rate": 1}, script=script))
        assert Listener(jail).rest() == live


def test_a_live_control_without_pace_replays_too(pool: Pool) -> None:
    demo = """
        import asyncio
        async def scenario(lab):
            while lab.now < 500:
                await asyncio.sleep(0.01)
                if round(lab.now * 100) % 1000 == 0:
                    lab.emit("mark", rate=lab.control("rate"))
    """
    with pool.take() as jail:
        jail.send(start(demo, duration=600.0, controls={"rate": 1}))
        listener = Listener(jail)
        listener.until("mark", 1)
        jail.send({"op": "set", "name": "rate", "value": 2})
        live = listener.rest()
    recorded = [json.loads(line) for line in live.splitlines()]
    script = [
        (event["t"], event["name"], event["value"]) for event in recorded if event["kind"] == "control.set"
    ]
    with pool.take() as jail:
        jail.send(start(demo, duration=600.0, controls={"rate": 1}, script=script))
        assert Listener(jail).rest() == live


STORY = """
    import asyncio
    async def scenario(lab):
        lab.on_control("rate", lambda value: lab.emit("heard", value=value))
        for value in (2, 3, 4):
            await asyncio.sleep(1)
            lab.set("rate", value)
            lab.emit("now", rate=lab.control("rate"))
"""


def moved(events: list[dict[str, Any]]) -> list[tuple[float, int, str | None]]:
    return [(e["t"], e["value"], e.get("by")) for e in events if e["kind"] == "control.set"]


def test_the_story_moves_a_control_as_a_reader_would(rehearse: Rehearse) -> None:
    events = rehearse(STORY, controls={"rate": 1})
    assert moved(events) == [(1.0, 2, "story"), (2.0, 3, "story"), (3.0, 4, "story")]
    assert [event["kind"] for event in events[1:4]] == ["control.set", "heard", "now"]
    assert [event["rate"] for event in events if event["kind"] == "now"] == [2, 3, 4]


def test_the_story_leaves_a_control_that_the_reader_has_touched(rehearse: Rehearse) -> None:
    events = rehearse(STORY, controls={"rate": 1}, script=[(1.5, "rate", 9)])
    assert moved(events) == [(1.0, 2, "story"), (1.5, 9, None)]
    assert [event["rate"] for event in events if event["kind"] == "now"] == [2, 9, 9]


def test_the_story_leaves_a_control_that_was_set_before_the_start(rehearse: Rehearse) -> None:
    events = rehearse(STORY, controls={"rate": 9}, touched=["rate"])
    assert moved(events) == []
    assert [event["rate"] for event in events if event["kind"] == "now"] == [9, 9, 9]


def test_one_touched_control_leaves_the_others_to_the_story(rehearse: Rehearse) -> None:
    events = rehearse(STORY, controls={"rate": 1, "down": False}, script=[(0.5, "down", True)])
    assert [value for _, value, by in moved(events) if by] == [2, 3, 4]


def test_the_story_presses_a_button_that_has_listeners(rehearse: Rehearse) -> None:
    events = rehearse(
        "async def scenario(lab):\n"
        "    lab.on_control('drop', lambda value: lab.emit('dropped', value=value))\n"
        "    lab.set('drop', True)\n"
    )
    assert [event["kind"] for event in events[1:3]] == ["control.set", "dropped"]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("lab.set('rat', 1)", "KeyError"),
        ("lab.set('rate', True)", "ValueError"),
        ("lab.set('rate', {})", "ValueError"),
    ],
)
def test_the_story_cannot_set_what_is_not_there_or_does_not_fit(
    rehearse: Rehearse, line: str, error: str
) -> None:
    events = rehearse(f"async def scenario(lab):\n    {line}", controls={"rate": 1})
    assert events[1]["error"] == error


def test_a_fork_makes_the_storys_moves_again_and_replays_the_readers(pool: Pool) -> None:
    """A run moved by both, given back as the reader's script alone, gives the same bytes."""
    demo = STORY.replace(
        "async def scenario(lab):", "async def scenario(lab):\n        lab.spawn(other(lab))"
    ) + (
        "    async def other(lab):\n"
        "        while True:\n"
        "            await asyncio.sleep(0.05)\n"
        "            lab.emit('tick', rate=lab.control('rate'))\n"
    )
    with pool.take() as jail:
        jail.send(start(demo, pace=4.0, duration=4.0, controls={"rate": 1}))
        listener = Listener(jail)
        listener.until("now", 1)
        jail.send({"op": "set", "name": "rate", "value": 7})
        live = listener.rest()
    made = moved([json.loads(line) for line in live.splitlines()])
    assert [(value, by) for _, value, by in made] == [(2, "story"), (7, None)]
    script = [(t, "rate", value) for t, value, by in made if by is None]
    with pool.take() as jail:
        jail.send(start(demo, duration=4.0, controls={"rate": 1}, script=script))
        assert Listener(jail).rest() == live


def test_pause_holds_and_resume_lets_go(jail: Jail) -> None:
    jail.send(start(TICKS, pace=1.0, duration=1.0, controls={"rate": 0}))
    listener = Listener(jail)
    listener.until("tick", 2)
    jail.send({"op": "pause"})
    while listener.more(0.5):
        pass  # what was under way
    assert not listener.ended
    assert not listener.more(0.5)  # ten ticks' time
    jail.send({"op": "resume"})
    events = [json.loads(line) for line in listener.rest().splitlines()]
    assert events[-1]["state"] == "finished"
    assert sum(event["kind"] == "tick" for event in events) == 20


def test_a_step_goes_to_the_next_event_and_stops_there(jail: Jail) -> None:
    jail.send(start(TICKS, pace=0.25, duration=60.0, controls={"rate": 0}))
    listener = Listener(jail)
    listener.until("run.started")
    jail.send({"op": "pause"})
    for count in range(1, 6):
        jail.send({"op": "step"})
        assert listener.until("tick", count)[-1]["t"] == pytest.approx(count * 0.05)
    assert not listener.more(0.5)


def test_a_control_takes_effect_while_paused(jail: Jail) -> None:
    jail.send(start(TICKS, pace=0.25, duration=60.0, controls={"rate": 0}))
    listener = Listener(jail)
    listener.until("run.started")
    jail.send({"op": "pause"})
    jail.send({"op": "set", "name": "rate", "value": 9})
    assert listener.until("heard")[0]["value"] == 9
    jail.send({"op": "step"})
    assert listener.until("tick")[0]["rate"] == 9


def test_speed_changes_the_pace_and_not_the_log(pool: Pool) -> None:
    logs = []
    for speed in (8, 2.5):
        with pool.take() as jail:
            jail.send(start(TICKS, pace=0.25, duration=1.0, controls={"rate": 0}))
            listener = Listener(jail)
            listener.until("run.started")
            jail.send({"op": "speed", "value": speed})
            logs.append(listener.rest())
    assert logs[0] == logs[1]


def test_stop_ends_the_run_with_a_word(jail: Jail) -> None:
    jail.send(start(TICKS, pace=1.0, controls={"rate": 0}))
    listener = Listener(jail)
    listener.until("tick")
    jail.send({"op": "stop"})
    last = json.loads(listener.rest().splitlines()[-1])
    assert (last["kind"], last["state"], last["reason"]) == ("run.ended", "stopped", "owner")


def test_stop_is_heard_while_paused(jail: Jail) -> None:
    jail.send(start(TICKS, pace=1.0, controls={"rate": 0}))
    jail.send({"op": "pause"})
    jail.send({"op": "stop"})
    assert json.loads(Listener(jail).rest().splitlines()[-1])["state"] == "stopped"


def test_an_unknown_or_broken_message_is_ignored(jail: Jail) -> None:
    jail.send(start(TICKS, pace=8.0, duration=1.0, controls={"rate": 0}))
    listener = Listener(jail)
    listener.until("tick")
    for message in ({"op": "dance"}, {"op": "set"}, {"op": "set", "name": "rate", "value": [1]}, {}):
        jail.send(message)
    assert json.loads(listener.rest().splitlines()[-1])["state"] == "finished"


def test_controls_act_on_the_real_clock_too(jail: Jail) -> None:
    jail.send(start(TICKS, clock="real", duration=30.0, controls={"rate": 0}, script=[[0.01, "rate", 1]]))
    listener = Listener(jail)
    listener.until("heard", 1)
    jail.send({"op": "set", "name": "rate", "value": 2})
    assert [event["value"] for event in listener.until("heard", 2)] == [1, 2]
    jail.send({"op": "stop"})
    assert json.loads(listener.rest().splitlines()[-1])["state"] == "stopped"


def test_a_rehearsal_that_does_not_end_itself_is_an_error() -> None:
    with pytest.raises(rehearsal.RehearsalFailed):
        rehearsal.run(
            {"demo.py": "import os\nasync def scenario(lab):\n    os._exit(0)"},
            seed=1,
            duration=1.0,
            controls={},
        )
