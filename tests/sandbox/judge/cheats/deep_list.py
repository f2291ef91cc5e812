"""Nesting has a bound."""
# told: вложен слишком глубоко
# ruff: noqa
DEEP = []
for _ in range(5000):
    DEEP = [DEEP]


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = DEEP

    def add(self, number):
        return DEEP

    async def fetch(self, backend, key):
        await backend(key)
        return DEEP

    async def later(self, backend, seconds):
        return DEEP
