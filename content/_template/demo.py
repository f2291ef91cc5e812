"""The world around the gate: callers, a service that takes its time and sometimes fails."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from reference import Full, Gate

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab


class ServiceError(Exception):
    """The service answered with an error."""


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    gate = Gate(lab.control("limit"))
    lab.emit("world.ready", limit=gate.limit)

    async def service() -> None:
        await asyncio.sleep(lab.control("takes"))
        if lab.random.uniform(0, 100) < lab.control("errors"):
            raise ServiceError

    async def caller(number: int) -> None:
        try:
            await gate.call(service)
        except Full:
            lab.emit("call.refused", id=number, inside=inside())
        except ServiceError:
            lab.emit("call.failed", id=number, inside=inside())
        else:
            lab.emit("call.done", id=number, inside=inside())

    def inside() -> int:
        value = getattr(gate, "inside", 0)
        return value if isinstance(value, int) else 0

    async def story() -> None:
        await asyncio.sleep(6)
        lab.set("takes", 2.0)
        await asyncio.sleep(10)
        lab.set("takes", 0.5)

    lab.spawn(story())
    number = 0
    while True:
        await asyncio.sleep(lab.random.uniform(0.1, 0.3))
        number += 1
        lab.emit("call.sent", id=number)
        lab.spawn(caller(number))
