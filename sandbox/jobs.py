"""What a worker is sent: plain frozen data that travels through the broker as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Clock = Literal["virtual", "real"]
Value = bool | int | float | str


@dataclass(frozen=True, slots=True)
class DemoJob:
    """One demo to run.

    `files` maps a name in the jail's working folder to its text; `duration` is in scenario seconds;
    `pace` is scenario seconds per wall second, or None for "as fast as it goes"; `script` holds
    `(t, name, value)` control inputs to replay at scenario time `t`; `touched` names the controls that the
    reader has set before the start, which the story (`lab.set`) leaves alone; `preload` names
    the packages to import before the learner's code.
    """

    run: str
    files: dict[str, str]
    seed: int
    duration: float
    attempt: int = 1
    pace: float | None = 1.0
    controls: dict[str, Value] = field(default_factory=dict)
    script: list[tuple[float, str, Value]] = field(default_factory=list)
    clock: Clock = "virtual"
    touched: list[str] = field(default_factory=list)
    preload: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"type": "demo", **asdict(self)}


@dataclass(frozen=True, slots=True)
class JudgeJob:
    """One submission to judge: the learner's files, and the course's hidden cases as text.

    `preload` names the packages that each world finds imported; `props` is the text of the course's
    `props.py`, real parts for the cases, empty when there are none.
    """

    run: str
    files: dict[str, str]
    cases: str
    seed: int
    attempt: int = 1
    preload: list[str] = field(default_factory=list)
    props: str = ""

    def to_json(self) -> dict[str, Any]:
        return {"type": "judge", **asdict(self)}


Job = DemoJob | JudgeJob


def from_json(data: dict[str, Any]) -> Job:
    """Build the job that `to_json` wrote.

    Raises ValueError on an unknown type, TypeError on unknown fields.
    """
    fields = dict(data)
    kind = fields.pop("type", None)
    if kind == "demo":
        fields["script"] = [(t, name, value) for t, name, value in fields.get("script", [])]
        return DemoJob(**fields)
    if kind == "judge":
        return JudgeJob(**fields)
    raise ValueError(f"unknown job type: {kind!r}")
