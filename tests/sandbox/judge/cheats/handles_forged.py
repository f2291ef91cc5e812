"""A value that says it is an object of the judge's is data, or malformed."""
# told: Сумма
# ruff: noqa
FORGED = {"$ref": 1, "$object": {"type": "int", "text": "1"}}


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = FORGED

    def add(self, number):
        return FORGED

    async def fetch(self, backend, key):
        await backend(key)
        return FORGED

    async def later(self, backend, seconds):
        return FORGED
