"""A list that holds itself is too deep."""
# told: вложен слишком глубоко
# ruff: noqa
RING = []
RING.append(RING)


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = RING

    def add(self, number):
        return RING

    async def fetch(self, backend, key):
        await backend(key)
        return RING

    async def later(self, backend, seconds):
        return RING
