"""The gate as it is often written: a call that fails never leaves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Full(Exception):
    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} calls are inside")
        self.limit = limit


class Gate:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = 0

    async def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
        if self.inside >= self.limit:
            raise Full(self.limit)
        self.inside += 1
        result = await function(*args, **kwargs)
        self.inside -= 1
        return result
