class CrossSlot(Exception):
    """Ключи команды лежат в разных слотах."""


class TooManyRedirects(Exception):
    """Узлы гоняют команду по кругу."""


def key_slot(key):
    """Номер слота, 0…16383. Ключ — строка или байты."""
    return hash(key) % 16384


class ClusterClient:
    """Отправляет команду узлу, который хранит её ключи. Правила — в задании."""

    def __init__(self, seeds, send, *, error):
        self.seeds = list(seeds)
        self.send = send
        self.error = error

    async def execute(self, *command, keys):
        # Пока все команды достаются первому узлу. Ваш ход: слот, карта слотов, переадресации.
        return await self.send(self.seeds[0], *command, asking=False)
