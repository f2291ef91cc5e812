"""True is not 1, in an answer, an attribute or a key."""
# told: вернул True
# ruff: noqa


class Keeper:
    def __init__(self, limit):
        self.total = True

    def add(self, number):
        return True

    async def fetch(self, backend, key):
        return {True: await backend(key)}

    later = fetch
