"""Every attack, by root's worker and by an ordinary user's: held, told plainly, and gone without a trace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import redis

from sandbox import stream
from sandbox.jobs import DemoJob
from sandbox.limits import DEMO, NBSP
from sandbox.models import new_id
from tests.sandbox.attacks import workers as traced
from tests.sandbox.attacks.heads import FOLDER, Head, all_attacks
from tests.sandbox.attacks.workers import AttackedWorker, Place
from tests.sandbox.jail.conftest import MODES

ATTACKS = all_attacks()
RUNS = [
    pytest.param(mode, attack, id=f"{mode}-{attack.name}")
    for attack in ATTACKS
    for mode in MODES
    if mode in attack.holds
]
# An ordinary user cannot do much of this outside a jail either.
CONTROLS = [attack for attack in ATTACKS if attack.control and os.geteuid() == 0]
HELPERS = {"demo.py": FOLDER / "driver.py", "kernel.py": FOLDER / "kernel.py"}


@dataclass(frozen=True)
class Log:
    """What viewers of the run receive."""

    raw: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        def refuse(word: str) -> None:
            raise AssertionError(f"a browser cannot read {word}")

        return [json.loads(line, parse_constant=refuse) for line in self.raw.split(b"\n")]

    @property
    def came(self) -> str:
        return "; ".join(event["to"] for event in self.events if event["kind"] == "attack.came")


def run(
    attack: Head, worker: AttackedWorker, client: redis.Redis, bait: dict[str, Any]
) -> tuple[Log, list[int]]:
    files = {name: path.read_text() for name, path in HELPERS.items()}
    files |= {"tried.py": attack.text, "bait.json": json.dumps(bait), **attack.files}
    job = DemoJob(run=new_id(), files=files, seed=7, duration=60.0, pace=attack.pace)
    left = worker.run(job, replace(DEMO, **{"wall": 20.0, **attack.limits}))  # type: ignore[arg-type]
    lines = list(stream.lines_of(stream.Log(client, job.run, 1).read()))
    return Log(b"\n".join(lines)), left


@pytest.mark.parametrize(("mode", "attack"), RUNS)
def test_the_attack_is_held_told_and_leaves_nothing(
    mode: str,
    attack: Head,
    workers: dict[str, AttackedWorker],
    client: redis.Redis,
    bait: dict[str, Any],
    canary: str,
    place: Place,
) -> None:
    before = traced.mounts(), traced.files(place)
    log, left = run(attack, workers[mode], client, bait)
    if attack.twice:
        log, left = run(attack, workers[mode], client, bait)

    assert re.match(attack.held or "", log.came), f"{attack.promise} It came to: {log.came}"
    assert bool(attack.held) <= bool(log.came), log.raw[-500:]
    ending = log.events[-1]
    assert ending["kind"] == "run.ended"
    assert ending["state"] in attack.ends, ending
    assert any(words in ending["text"].replace(NBSP, " ") for words in attack.says), ending
    assert [event["seq"] for event in log.events] == list(range(1, len(log.events) + 1))

    assert canary.encode() not in log.raw
    assert not re.search(rb"[\x00-\x09\x0b-\x1f]", log.raw)  # nothing for a terminal to obey
    assert not attack.never or attack.never not in log.raw.decode()
    shown = [event["text"] for event in log.events if event["kind"] == "out"]
    assert not attack.shown or attack.shown in shown

    assert left == []
    assert traced.traces(place, workers[mode], before) == []


@pytest.mark.parametrize("attack", CONTROLS, ids=lambda attack: attack.name)
def test_the_same_code_succeeds_outside(
    attack: Head, bait: dict[str, Any], canary: str, tmp_path: Path
) -> None:
    """An attack that could not succeed anywhere would prove nothing."""
    for name, path in HELPERS.items():
        (tmp_path / name).write_text(path.read_text())
    (tmp_path / "tried.py").write_text(attack.text)
    (tmp_path / "bait.json").write_text(json.dumps(bait))
    told = subprocess.run(
        [sys.executable, "demo.py"],
        cwd=tmp_path,
        env={"PATH": os.defpath, "SECRET_KEY": canary},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert told.stdout.startswith("got "), told
    assert attack.control != "canary" or canary in told.stdout


def test_every_attack_states_the_promise_it_attacks() -> None:
    assert len(ATTACKS) >= 60
    assert [attack.name for attack in ATTACKS if not attack.promise.endswith(".")] == []
    assert len({attack.promise for attack in ATTACKS}) == len(ATTACKS)


def test_every_attack_can_be_seen_to_fail() -> None:
    """Each says what it must come to, or in which words the run must end."""
    assert [attack.name for attack in ATTACKS if not attack.held and attack.says == Head.says] == []
