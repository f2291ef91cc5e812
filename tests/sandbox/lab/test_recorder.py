"""A run in a jail read whole, as a recording or a lesson's test needs it."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from sandbox import recorder
from sandbox.jail import Jail
from sandbox.jobs import DemoJob


def job(demo: str, **other: Any) -> DemoJob:
    plain: dict[str, Any] = {"seed": 7, "duration": 30.0, "clock": "real"}
    return DemoJob("test", {"demo.py": textwrap.dedent(demo)}, **{**plain, **other})


TICKS = """
import asyncio

async def scenario(lab):
    lab.on_control("rate", lambda value: lab.emit("heard", value=value))
    words = ("python3", "-c", "print(6 * 7)")
    child = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    answer, _ = await child.communicate()
    lab.emit("child", said=int(answer), code=child.returncode)
    while lab.control("rate") == 1:
        await asyncio.sleep(0.01)
"""


def test_a_real_run_is_numbered_and_ended(jail: Jail) -> None:
    events = recorder.record(jail, job(TICKS, controls={"rate": 1}, script=[(0.3, "rate", 2)]))
    kinds = ["run.started", "child", "control.set", "heard", "run.ended"]
    assert [event["kind"] for event in events] == kinds
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert events[0] == {
        "seq": 1, "t": 0.0, "kind": "run.started", "seed": 7, "duration": 30.0, "clock": "real",
        "controls": {"rate": 1},
    }  # fmt: skip
    assert events[1]["said"] == 42
    assert events[2]["t"] >= 0.3
    assert events[-1]["state"] == "finished"


def test_a_virtual_run_gives_the_log_of_a_rehearsal(jail: Jail, rehearse: Any) -> None:
    demo = """
        import asyncio

        async def scenario(lab):
            for n in range(5):
                await asyncio.sleep(lab.random.random())
                lab.emit("tick", n=n)
    """
    recorded = recorder.record(jail, job(demo, clock="virtual", pace=None))
    assert recorded == rehearse(demo, duration=30.0)


def test_a_failure_is_part_of_the_log(jail: Jail) -> None:
    events = recorder.record(jail, job("async def scenario(lab):\n    1 / 0"))
    assert [event["kind"] for event in events] == ["run.started", "problem", "run.ended"]
    assert events[-1]["state"] == "failed"


def test_a_run_past_its_bounds_is_not_recorded(jail: Jail) -> None:
    with pytest.raises(recorder.NotRecorded, match="лимит печати"):
        recorder.record(jail, job("async def scenario(lab):\n    while True: print('x' * 1900)", pace=None))


def test_a_jail_that_dies_without_a_word_is_told(jail: Jail) -> None:
    with pytest.raises(recorder.NotRecorded, match="не дойдя до конца"):
        recorder.record(jail, job("import os\nasync def scenario(lab):\n    os._exit(0)"))
