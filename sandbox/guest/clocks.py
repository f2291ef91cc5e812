"""The `time` module as a scenario in virtual time sees it.

A learner's breaker may well ask `time.monotonic()` how long it has been open. In virtual time the wall's
answer would be wrong (paused, sped up, unpaced), so the functions of `time` answer with the scenario's clock.
`datetime.now()` is written in C and keeps the wall's time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

EPOCH = 1_767_225_600.0  # 2026-01-01 00:00 UTC: when every virtual run begins, so that two runs agree

_real_sleep = time.sleep


def install(now: Callable[[], float], sleep: Callable[[float], None]) -> None:
    """Let `time` answer with `now()`, in scenario seconds; a blocking main thread calls `sleep`."""

    def blocking(seconds: float) -> None:
        if seconds < 0:
            raise ValueError("sleep length must be non-negative")
        if threading.current_thread() is threading.main_thread():
            sleep(seconds)
        else:
            _real_sleep(seconds)

    time.monotonic = now
    time.perf_counter = now
    time.time = lambda: EPOCH + now()
    time.monotonic_ns = lambda: round(now() * 1e9)
    time.perf_counter_ns = lambda: round(now() * 1e9)
    time.time_ns = lambda: round((EPOCH + now()) * 1e9)
    time.sleep = blocking  # type: ignore[assignment]
