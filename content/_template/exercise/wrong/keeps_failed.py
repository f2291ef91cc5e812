class Full(Exception):
    pass


class Gate:
    def __init__(self, limit):
        if limit < 1:
            raise ValueError(limit)
        self.limit = limit
        self.inside = 0

    async def call(self, function, *args):
        if self.inside >= self.limit:
            raise Full
        self.inside += 1
        result = await function(*args)
        self.inside -= 1
        return result
