"""Exits hidden in attributes, `__class__` and awaitables are answers like others."""
# told: исключение SystemExit
# ruff: noqa


class Number(int):
    @property
    def __class__(self):
        raise SystemExit(0)


class Keeper:
    def __init__(self, limit):
        pass

    def __getattr__(self, name):
        raise SystemExit(0)

    def add(self, number):
        return Number(5)

    async def fetch(self, backend, key):
        raise GeneratorExit

    async def later(self, backend, seconds):
        raise KeyboardInterrupt
