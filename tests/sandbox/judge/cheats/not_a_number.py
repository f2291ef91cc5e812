"""NaN is no answer."""
# told: nan
# ruff: noqa
NAN = float("nan")


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = NAN

    def add(self, number):
        return NAN

    async def fetch(self, backend, key):
        await backend(key)
        return NAN

    async def later(self, backend, seconds):
        return NAN
