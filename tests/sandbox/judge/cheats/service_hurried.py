"""A service cannot be made to answer sooner than it does."""
# told: сервис ответил раньше
# ruff: noqa
import asyncio

from sandbox.guest import calls


async def soon(seconds):
    return None


calls.SLEEP = asyncio.sleep = soon


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        self.total += number
        return self.total

    async def fetch(self, backend, key):
        return 2 * await backend(key)

    async def later(self, backend, seconds):
        await asyncio.sleep(seconds)
        return await backend()
