import asyncio


class Full(Exception):
    pass


class Gate:
    def __init__(self, limit):
        if limit < 1:
            raise ValueError(limit)
        self.inside = 0
        self.places = asyncio.Semaphore(limit)

    async def call(self, function, *args):
        async with self.places:
            self.inside += 1
            try:
                return await function(*args)
            finally:
                self.inside -= 1
