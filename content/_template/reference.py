"""A gate: at most so many calls at once, the rest are refused at once.

Source: name the paper or the book the idea comes from.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Full(Exception):
    """The gate holds `limit` calls already; try again later."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} calls are inside")
        self.limit = limit


class Gate:
    """Lets at most `limit` calls in at once.

    Not thread-safe: belongs to one event loop. Raises ValueError for a limit below 1.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"limit must be at least 1, got {limit}")
        self.limit = limit
        self.inside = 0

    # [call]
    async def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        """Await `function` if there is room. Raises Full, and whatever `function` raises."""
        if self.inside >= self.limit:
            raise Full(self.limit)
        self.inside += 1
        try:
            return await function(*args, **kwargs)
        finally:
            self.inside -= 1
        # [/call]
