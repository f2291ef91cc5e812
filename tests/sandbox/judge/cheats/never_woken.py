"""Waiting for what will not happen is seen at once."""
# told: вызов никогда не завершится
# ruff: noqa
import asyncio


class Keeper:
    def __init__(self, limit):
        self.total = 0

    async def add(self, number):
        await asyncio.get_running_loop().create_future()

    async def fetch(self, backend, key):
        await asyncio.Event().wait()

    later = fetch
