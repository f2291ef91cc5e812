"""What is awaited may swallow every exception, its own end's too."""
# told: крутится на месте
# ruff: noqa


class Stubborn:
    def __await__(self):
        while True:
            try:
                yield
            except BaseException:
                pass


class Keeper:
    def __init__(self, limit):
        self.total = 0

    def add(self, number):
        return Stubborn()

    async def fetch(self, backend, key):
        return await Stubborn()

    later = fetch
