"""So is one of many small values."""
# told: ответ слишком велик
# ruff: noqa
HUGE = list(range(1_000_000))


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = HUGE

    def add(self, number):
        return HUGE

    async def fetch(self, backend, key):
        await backend(key)
        return HUGE

    async def later(self, backend, seconds):
        return HUGE
