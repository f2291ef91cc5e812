"""What a case leaves behind when it fails: the steps that were taken, and a trace for the lesson's scene."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.judge.words import shorten
from sandbox.limits import EXCHANGE


@dataclass
class Record:
    """What a case leaves behind when it fails: what was done, and the trace."""

    steps: list[str] = field(default_factory=list)
    trace: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    dropped: int = 0

    def step(self, text: str) -> None:
        if len(self.steps) < EXCHANGE.steps:
            self.steps.append(shorten(text, EXCHANGE.step))
        else:
            self.dropped += 1

    def ended(self, begun: str, text: str) -> None:
        """The end of a call; when its beginning was the line before, that one becomes this."""
        if self.steps and self.steps[-1].endswith(begun) and not self.dropped:
            self.steps.pop()
        self.step(text)

    def lines(self) -> list[str]:
        return [*self.steps, f"… и ещё строк: {self.dropped}"] if self.dropped else list(self.steps)


@dataclass(frozen=True, slots=True)
class Moment:
    """A place in the trace."""

    record: Record
    at: float

    def emit(self, kind: str, **fields: Any) -> None:
        if len(self.record.trace) < EXCHANGE.trace:
            self.record.trace.append((self.at, kind, fields))
