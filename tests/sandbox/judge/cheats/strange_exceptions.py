"""An exception that fights back is described as far as it lets itself be."""
# told: LimitReached
# ruff: noqa
class Meta(type):
    @property
    def __name__(cls):
        raise SystemExit

    def mro(cls):
        return [cls, *type.mro(cls)[1:]]


class Strange(BaseException, metaclass=Meta):
    def __str__(self):
        raise SystemExit

    __repr__ = __str__

    @property
    def limit(self):
        raise KeyboardInterrupt

    def __getattribute__(self, name):
        raise Strange


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        raise Strange

    async def fetch(self, backend, key):
        raise Strange

    later = fetch
