"""A blocking sleep holds the loop past the time it was given."""
# told: часы решения ушли дальше
# ruff: noqa
import time


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        self.total += number
        return self.total

    async def fetch(self, backend, key):
        return 2 * await backend(key)

    async def later(self, backend, seconds):
        time.sleep(seconds)
        return await backend()
