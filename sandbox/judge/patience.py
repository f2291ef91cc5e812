"""How long the judge waits: by the processor time a solution uses, so that a busy machine fails nobody."""

from __future__ import annotations

import time
from typing import Any, Protocol

from sandbox.limits import EXCHANGE


class Metered(Protocol):
    """A jail that says what it has used."""

    def usage(self) -> Any: ...


class Patience:
    """Time for one case: `limit` processor seconds of its jails, looked at once so much wall time has passed.

    An endless loop uses its limit up; code that waits for a crowded machine does not, and gets up to
    `EXCHANGE.stretch` limits of wall time. Without a jail to ask, the limit is wall time.
    """

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.jail: Metered | None = None
        self._base: float | None = None  # what its meter showed
        self._settled = 0.0
        self._carried = 0.0  # used in jails that this case has lost
        self._soft = time.monotonic() + limit
        self._hard = time.monotonic() + limit * EXCHANGE.stretch

    def use(self, jail: Metered, fetched: float = 0.0) -> None:
        """The case goes on in this jail, for which it had to wait `fetched` wall seconds."""
        self.prolong(fetched)
        if jail is not self.jail:
            self._carried = self._spent()
            self.jail = jail
            self._base = None
            self._settled = time.monotonic() + EXCHANGE.settled

    def prolong(self, seconds: float) -> None:
        """So many wall seconds were not the solution's: the judge itself was busy."""
        self._soft += seconds
        self._hard += seconds

    def left(self) -> float:
        """Wall seconds to wait before asking again; 0 when there is no more patience."""
        now = time.monotonic()
        if self.jail is not None and self._base is None:
            if now < self._settled:
                return self._settled - now
            self._base = self.jail.usage().cpu_seconds
        if now < self._soft:
            return self._soft - now
        if self.jail is None or now >= self._hard:
            return 0.0
        left = self.limit - self._spent()
        if left <= 0:
            return 0.0
        self._soft = min(self._hard, now + max(left, 0.05))
        return max(self._soft - now, 0.0)

    def _spent(self) -> float:
        if self.jail is None or self._base is None:
            return self._carried
        used: float = self.jail.usage().cpu_seconds - self._base
        return self._carried + max(0.0, used)
