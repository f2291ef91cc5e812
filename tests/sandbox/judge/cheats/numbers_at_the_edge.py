"""Numbers at the edges of what can be written are numbers like others."""

# told: вернул 9223372036854775807
# ruff: noqa
import decimal


class Keeper:
    def __init__(self, limit):
        self.total = -0.0

    def add(self, number):
        return 2**63 - 1

    async def fetch(self, backend, key):
        await backend(key)
        return 1.7976931348623157e308

    async def later(self, backend, seconds):
        return decimal.Decimal("1e100000")
