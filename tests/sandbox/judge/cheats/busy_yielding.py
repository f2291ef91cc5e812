"""A task that only yields does not stop virtual time unseen."""
# told: крутится на месте
# ruff: noqa
import asyncio


class Keeper:
    def __init__(self, limit):
        self.total = 0

    async def add(self, number):
        while True:
            await asyncio.sleep(0)

    async def fetch(self, backend, key):
        return await self.add(0)

    later = fetch
