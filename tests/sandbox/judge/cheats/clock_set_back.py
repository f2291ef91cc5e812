"""A clock that goes back is a lie."""
# told: часы решения
# ruff: noqa
import asyncio


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        asyncio.get_event_loop_policy().get_event_loop().now -= 5
        self.total += number
        return self.total

    async def fetch(self, backend, key):
        got = 2 * await backend(key)
        asyncio.get_running_loop().now -= 5
        return got

    later = fetch
