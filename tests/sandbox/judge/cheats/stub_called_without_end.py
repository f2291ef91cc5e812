"""A stub called without end is stopped."""
# told: вызвало сервис больше
# ruff: noqa
class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        return 0

    async def fetch(self, backend, key):
        while True:
            await backend(key)

    async def later(self, backend, seconds):
        return await self.fetch(backend, 0)
