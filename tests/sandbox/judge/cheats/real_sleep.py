"""Sleeping for ever in real time is cut off too."""
# told: не ответило вовремя
# ruff: noqa
import select


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        select.select([], [], [], 3600)

    async def fetch(self, backend, key):
        return self.add(0)

    later = fetch
