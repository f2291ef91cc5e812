# fails: plain_keys, hash_tags, no_tag
# Начальное значение 0xFFFF: это другой CRC16, CCITT-FALSE.
import asyncio
from binascii import crc_hqx


class CrossSlot(Exception):
    """Ключи команды лежат в разных слотах."""


class TooManyRedirects(Exception):
    """Узлы гоняют команду по кругу."""


def key_slot(key):
    data = key.encode() if isinstance(key, str) else key
    start = data.find(b"{")
    if start >= 0:
        end = data.find(b"}", start + 1)
        if end > start + 1:
            data = data[start + 1 : end]
    return crc_hqx(data, 0xFFFF) % 16384


class ClusterClient:
    def __init__(self, seeds, send, *, error):
        self.seeds = list(seeds)
        self.send = send
        self.error = error
        self.owners = {}
        self.asked_at = None
        self.lock = asyncio.Lock()

    async def execute(self, *command, keys):
        slots = {key_slot(key) for key in keys}
        if len(slots) > 1:
            raise CrossSlot(command[0])
        slot = slots.pop()
        if not self.owners:
            await self.refresh()
        node, asking = self.owners.get(slot, self.seeds[0]), False
        for _ in range(6):
            try:
                return await self.send(node, *command, asking=asking)
            except ConnectionRefusedError:
                await self.refresh()
                if self.owners.get(slot, node) == node:
                    raise
                node, asking = self.owners[slot], False
            except self.error as refusal:
                code, *rest = str(refusal).split()
                if code == "MOVED":
                    node, asking = rest[1], False
                    self.owners[slot] = node
                    await self.refresh()
                elif code == "ASK":
                    node, asking = rest[1], True
                elif code == "TRYAGAIN":
                    await asyncio.sleep(0.05)
                else:
                    raise
        raise TooManyRedirects(command[0])

    async def refresh(self):
        async with self.lock:
            now = asyncio.get_running_loop().time()
            if self.asked_at is not None and now < self.asked_at + 1:
                return
            self.asked_at = now
            for node in self.seeds:
                try:
                    shown = await self.send(node, "CLUSTER", "SLOTS")
                except (self.error, OSError):
                    continue
                for low, high, owner, *_ in shown:
                    address = f"{owner[0].decode()}:{owner[1]}"
                    for slot in range(low, high + 1):
                        self.owners[slot] = address
                return
