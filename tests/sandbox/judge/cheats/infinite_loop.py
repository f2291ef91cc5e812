"""A loop without end is cut off by the wall clock."""
# told: не ответило вовремя
# ruff: noqa
class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        while True:
            pass

    async def fetch(self, backend, key):
        return self.add(0)

    later = fetch
