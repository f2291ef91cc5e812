"""How long those in a queue will wait: told beside their place, and to whom no place is left.

By Little's law a full house lets in `active / mean` runs a second, where `active` is how many run now and
`mean` how long the last ones took; queues that wait at once share that. Free of Django.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox import stream

PACE = "sandbox:pace"  # s: the running mean of how long runs take, kept by the script that ends them
KEPT = 20  # runs that the mean is over, about
QUEUES = ("demo", "judge", "bulk")
SHORTEST = 0.2  # s: the clock of the script counts whole seconds, and a judging takes less


@dataclass(frozen=True, slots=True)
class Pace:
    """What the estimate is made from."""

    mean: float
    active: int
    queues: int

    def seconds(self, position: int) -> int | None:
        """How long the place `position` (from 1) waits, about. None while nobody works, or nobody has yet."""
        if not self.active or not self.mean:
            return None
        return max(1, round(position * max(self.mean, SHORTEST) * max(self.queues, 1) / self.active))


def ask(pipe: Any) -> int:
    """Put the questions into a pipeline, of either client; how many answers `read` wants."""
    pipe.get(PACE)
    pipe.scard(stream.ACTIVE)
    for queue in QUEUES:
        pipe.zcard(stream.queue_key(queue))
    return 2 + len(QUEUES)


def read(answers: list[Any]) -> Pace:
    mean, active, *waiting = answers
    return Pace(float(mean or 0), int(active), sum(count > 0 for count in waiting))
