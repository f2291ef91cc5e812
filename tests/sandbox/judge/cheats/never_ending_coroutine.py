"""A coroutine that sleeps for ever is given an hour of virtual time."""
# told: вызов не завершается
# ruff: noqa
import asyncio


class Keeper:
    def __init__(self, limit):
        self.total = 0

    async def add(self, number):
        while True:
            await asyncio.sleep(60)

    async def fetch(self, backend, key):
        return await self.add(0)

    later = fetch
