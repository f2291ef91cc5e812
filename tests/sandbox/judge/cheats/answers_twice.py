"""A second answer with the right id is one too many."""
# told: написало в канал проверки лишнее
# ruff: noqa
from sandbox.guest import calls

honest = calls.World.answer


def twice(self, *args, **kwargs):
    ended = list(self.ended)
    honest(self, *args, **kwargs)
    self.ended = ended
    honest(self, *args, **kwargs)


calls.World.answer = twice


class Keeper:
    def __init__(self, limit):
        self.limit = limit
        self.total = 0

    def add(self, number):
        return 0

    async def fetch(self, backend, key):
        await backend(key)
        return 0

    async def later(self, backend, seconds):
        return 0
