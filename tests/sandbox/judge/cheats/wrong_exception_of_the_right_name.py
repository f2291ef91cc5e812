"""The name alone is not enough: its attributes are asked for."""
# told: LimitReached.limit
# ruff: noqa
class LimitReached(Exception):
    limit = True


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = 0

    def add(self, number):
        raise LimitReached

    async def fetch(self, backend, key):
        await backend(key)
        return 0

    async def later(self, backend, seconds):
        return 0
