"""Напишите пропускной пункт."""


class Full(Exception):
    """Мест нет."""


class Gate:
    """Впускает не больше limit вызовов сразу."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.inside = 0

    async def call(self, function, *args):
        """Позвать function, если есть место. Иначе — Full."""
        return await function(*args)
