"""Hidden cases for the cluster client. The answers come from a real cluster (`props.py`); keys are random.

The cluster is one for the whole judging and slots stay where a case has moved them, so every case asks where
its keys are. Times are virtual seconds. The traces are in the events of the lesson's demo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.judge import Call, Case, ExceptionName, Handle, Outcome, Raise, Stub, case
from sandbox.judge.props import Props

HOP = 0.25  # seconds one way, as in demo.py
MOST = 30  # sendings of one command: whoever needs more goes round in circles
LETTERS = "abcdefgh0123456789:_-.я"
CODES = ("MOVED", "ASK", "TRYAGAIN", "CROSSSLOT", "ok")


@dataclass
class Request:
    """One `execute`, and where it went."""

    id: int
    task: Any = None
    nodes: list[int] = field(default_factory=list)  # their numbers
    asking: list[bool] = field(default_factory=list)


@dataclass
class Bench:
    """A client of the learner's before three real nodes, and the trace of both."""

    c: Case
    props: Props
    nodes: list[str]
    client: Handle
    wire: Stub
    error: ExceptionName
    maps: int = 0  # times a map was asked for
    dead: set[int] = field(default_factory=set)
    lie: str = ""  # an error reply instead of the cluster's own answer
    lost: bool = False  # connections break after the command was sent
    requests: dict[str, Request] = field(default_factory=dict)  # by the first key
    values: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def make(cls, c: Case, *, warm: bool = True) -> Bench:
        """`warm`: the client has its map already, and got it a second and a half ago."""
        props = await c.props()
        nodes = await props.call("form")
        wire, error = c.stub("send"), c.exception("ReplyError")
        client = await c.new("ClusterClient", nodes, wire, error=error)
        wire.answers((b := cls(c, props, nodes, client, wire, error)).answer).takes(2 * HOP)
        for number in (1, 2, 3):
            c.at(0).emit("node.state", node=number, state="ok")
        if warm:
            await b.run("GET", word(c))
            await c.advance(1.5)
            b.maps = 0
        return b

    async def answer(self, call: Call) -> Any:
        """What the cluster says to one sending, unless the case says it for the cluster."""
        node, *command = call.args or [""]
        number = self.nodes.index(node) + 1 if node in self.nodes else 0
        asking = call.kwargs.get("asking") is True
        about_map = command[:1] == ["CLUSTER"]
        named = [key for key in command if type(key) is str and key in self.requests]
        request = self.requests[named[0]] if named else Request(0)
        self.maps += about_map
        request.nodes.append(number)
        request.asking.append(asking)
        if len(request.nodes) > MOST:
            got: Any = Raise("RecursionError", ("команда ходит по кругу",))
        elif number == 0 or number in self.dead:
            got = Raise("ConnectionRefusedError", (f"{node}: нет связи",))
        elif self.lost:
            got = Raise("ConnectionResetError", ("соединение оборвалось",))
        elif self.lie and not about_map:
            got = Raise(self.error.name, (self.lie + self.nodes[number % 3],))
        else:
            reply = await self.props.call("send", node, command, asking)
            got = Raise(self.error.name, (reply["error"],)) if "error" in reply else reply["value"]
        text = str(got.args[0]) if isinstance(got, Raise) else "ok"
        code = text.split()[0].lower() if text.startswith(CODES) else "refused"
        to = next((i for i, one in enumerate(self.nodes, 1) if text.endswith(" " + one)), 0)
        told = {"id": request.id, "node": number, "map": about_map}
        self.c.at(call.at).emit("hop.sent", **told, asking=asking)
        self.c.at(call.at + HOP).emit("hop.answered", **told, answer=code, to=to)
        return got

    def begin(self, command: str, *keys: str, more: tuple[str, ...] = ()) -> Request:
        request = self.requests[keys[0]] = Request(len(self.requests) + 1)
        self.c.emit("request.sent", id=request.id, command=command, key=keys[0])
        request.task = self.c.begin(self.client, "execute", command, *keys, *more, keys=list(keys))
        return request

    async def end(self, request: Request) -> Outcome:
        got = await request.task
        told = {"ok": got.ok, "error": str(got.error or ""), "visits": len(request.nodes)}
        self.c.at(got.at).emit("request.done", id=request.id, **told, share=None, blind=33)
        return got

    async def run(self, command: str, *keys: str, more: tuple[str, ...] = ()) -> tuple[Request, Outcome]:
        request = self.begin(command, *keys, more=more)
        return request, await self.end(request)

    async def stored(self, count: int, tag: str = "") -> list[str]:
        """New keys with random values; with a `tag`, all of one slot. The last one is shown."""
        keys = [f"{tag}{word(self.c)}{i}" for i in range(count)]
        for key in keys:
            self.values[key] = f"v{self.c.random.randrange(100, 1000)}"
            await self.props.call("put", key, self.values[key])
        await beside(self.c, self.props, keys[-1], tag.strip("{}"))
        return keys

    async def moving(self, count: int, gone: int = 0) -> tuple[list[str], int, int, int]:
        """Keys of one slot that is on its way, `gone` of them already away: keys, slot, source, target."""
        keys = await self.stored(count, "{" + word(self.c) + "}")
        (slot,) = await self.props.call("slots", keys[:1])
        source = await self.props.call("holder", slot)
        target = source % 3 + 1
        await self.props.call("begin_move", slot, target)
        self.c.emit("slot.moving", slot=slot, source=source, target=target, left=count)
        if gone:
            await self.props.call("carry", keys[:gone], target)
            self.c.emit("slot.key", slot=slot, key=keys[0], left=count - gone)
        return keys, slot, source, target

    async def moved(self, slot: int, source: int, target: int) -> None:
        await self.props.call("end_move", slot, target)
        self.c.emit("slot.moved", slot=slot, source=source, target=target)

    def gave(self, got: Outcome, key: str, what: str, hint: str = "") -> None:
        self.c.returned(got, self.values[key].encode(), f"{what}: {key!r}", hint=hint)

    def went(self, request: Request, nodes: list[int], what: str, hint: str = "") -> None:
        same = request.nodes == nodes
        self.c.check(same, what, expected=path(nodes), got=path(request.nodes), hint=hint)


def word(c: Case) -> str:
    return "".join(c.random.choices(LETTERS, k=c.random.randint(3, 12))) + c.random.choice("klmnop")


def path(nodes: list[int]) -> str:
    return " → ".join(f"узел {number}" if number else "чужой адрес" for number in nodes) or "никуда"


async def beside(c: Case, props: Props, key: str | bytes, part: str = "") -> tuple[Outcome, int]:
    """The learner's reckoning of the slot and the servers' own, put on the picture."""
    (server,) = await props.call("slots", [key])
    got = await c.call(c.module, "key_slot", key)
    ours = got.value if type(got.value) is int and abs(got.value) < 1 << 20 else -1
    shown = {"key": str(key), "part": part or str(key), "server": server, "ours": ours}
    shown["node"] = await props.call("holder", server)
    c.emit("key.slot" if ours == server else "key.missed", **shown)
    return got, server


async def same_slots(c: Case, keys: list[str | bytes], hint: str) -> None:
    props = await c.props()
    for number in range(1, len(await props.call("form")) + 1):
        c.emit("node.state", node=number, state="ok")
    for key in keys:
        got, server = await beside(c, props, key)
        c.returned(got, server, f"Слот ключа {key!r}", hint=hint)


# -- slots --------------------------------------------------------------------------------------------


@case("Слот обычного ключа такой же, как у сервера", seeds=8, fails="wrong_crc")
async def plain_keys(c: Case) -> None:
    keys = [*(word(c) for _ in range(3)), word(c).encode()]
    await same_slots(c, keys, "CRC16/XMODEM начинается с нуля; строка — это её UTF-8.")


@case("Хеш-тег: считается только середина", seeds=8, fails="last_brace")
async def hash_tags(c: Case) -> None:
    a, b, t = word(c), word(c), word(c)
    keys = [f"{{{t}}}{a}", f"{a}{{{t}}}{{{b}}}", f"{a}{{{{{t}}}}}{b}", f"{a}{{{t}}}{b}}}".encode()]
    await same_slots(c, keys, "От первой { до первой } после неё.")


@case("Хеш-тега нет, если он пуст или не закрыт", seeds=8, fails="empty_tag")
async def no_tag(c: Case) -> None:
    a, b, t = word(c), word(c), word(c)
    keys = [f"{{}}{a}", f"{a}{{}}{{{t}}}", f"{a}{{{b}", f"{a}}}{b}", f"{a}}}{{{b}"]
    await same_slots(c, keys, "Пустой тег — не тег, и второго не ищут.")


# -- the map ------------------------------------------------------------------------------------------


@case("Команда сразу идёт хозяину слота, карта — одна на все", fails="asks_the_seed")
async def straight(c: Case) -> None:
    b = await Bench.make(c, warm=False)
    for key in await b.stored(6):
        (slot,) = await b.props.call("slots", [key])
        request, got = await b.run("GET", key)
        b.gave(got, key, "Значение должно быть тем, что хранит кластер")
        b.went(request, [await b.props.call("holder", slot)], "Команда идёт прямо к хозяину слота")
    c.equal(b.maps, 1, "Сколько раз попросили карту")


@case("Десять первых команд разом просят карту один раз", fails="everyone_asks")
async def one_map(c: Case) -> None:
    b = await Bench.make(c, warm=False)
    for key, request in {key: b.begin("GET", key) for key in await b.stored(10)}.items():
        b.gave(await b.end(request), key, "Каждой команде — её ответ")
    c.equal(b.maps, 1, "Сколько раз попросили карту", hint="Пусть остальные дождутся первой.")


@case("Первый узел из списка мёртв: карту даёт другой", fails="one_seed")
async def second_seed(c: Case) -> None:
    b = await Bench.make(c, warm=False)
    b.dead.add(1)
    c.emit("node.state", node=1, state="dead")
    for key in await b.stored(12):
        (slot,) = await b.props.call("slots", [key])
        if await b.props.call("holder", slot) != 1:
            _, got = await b.run("GET", key)
            b.gave(got, key, "Живой узел знает карту всех", "Нет связи — спросите следующего.")


@case("Ключи из разных слотов: отказ до сети", fails="sends_crossslot")
async def cross_slot(c: Case) -> None:
    b = await Bench.make(c)
    before = len(b.wire.calls)
    _, got = await b.run("MGET", *await b.stored(2))
    c.raised(got, "CrossSlot", "Узла, у которого есть оба ключа, нет")
    c.equal(len(b.wire.calls) - before, 0, "Сколько раз обратились к сети")
    keys = await b.stored(3, "{" + word(c) + "}")
    _, got = await b.run("MGET", *keys)
    c.returned(got, [b.values[key].encode() for key in keys], "У ключей с общим тегом слот один")


# -- moving slots -------------------------------------------------------------------------------------


@case("MOVED: пойти по новому адресу и запомнить", fails="forgets_moved")
async def follows_moved(c: Case) -> None:
    b = await Bench.make(c)
    keys, slot, source, target = await b.moving(3)
    await b.moved(slot, source, target)
    request, got = await b.run("GET", keys[0])
    b.gave(got, keys[0], "За переехавшим ключом идут на новое место")
    b.went(request, [source, target], "Сначала по старой карте, потом по адресу из MOVED")
    for key in keys[1:]:
        request, got = await b.run("GET", key)
        b.gave(got, key, "За переехавшим ключом идут на новое место")
        b.went(request, [target], "После MOVED дорога известна", "Запишите новый адрес в карту.")


@case("Сколько бы команд ни получили MOVED, карту просят один раз", fails="maps_on_every_moved")
async def rare_maps(c: Case) -> None:
    b = await Bench.make(c)
    keys, slot, source, target = await b.moving(8)
    await b.moved(slot, source, target)
    for key, request in {key: b.begin("GET", key) for key in keys}.items():
        b.gave(await b.end(request), key, "За переехавшим ключом идут на новое место")
    c.check(b.maps <= 1, "Карту просят не чаще раза в секунду", expected="один раз", got=f"раз: {b.maps}")


@case("ASK: с ASKING, один раз, карту не трогать", fails="ask_is_moved")
async def follows_ask(c: Case) -> None:
    b = await Bench.make(c)
    keys, slot, source, target = await b.moving(3, gone=1)
    for _ in range(2):
        request, got = await b.run("GET", keys[0])
        b.gave(got, keys[0], "Ключ уже переехал", "Новому узлу нужен asking=True.")
        b.went(request, [source, target], "Пока слот переезжает, спрашивают сначала прежнего хозяина")
        c.equal(request.asking, [False, True], "asking в двух отправках")
    request, got = await b.run("GET", keys[1])
    b.gave(got, keys[1], "Этот ключ ещё на прежнем месте")
    b.went(request, [source], "Слот всё ещё у прежнего хозяина", "ASK — не повод править карту.")
    await b.moved(slot, source, target)


@case("TRYAGAIN: подождать и повторить", fails="hurries")
async def tries_again(c: Case) -> None:
    b = await Bench.make(c)
    keys, slot, source, target = await b.moving(3, gone=1)
    request = b.begin("MGET", *keys)
    await c.advance(0.8)  # the first sending is over, and so is the pause after it
    await b.moved(slot, source, target)
    c.returned(
        await b.end(request), [b.values[key].encode() for key in keys], "Переезд кончился — ответ есть"
    )
    sent = [call.at for call in b.wire.calls if "MGET" in call.args]
    c.close(sent[1] - sent[0] - 2 * HOP, 0.05, "Пауза после TRYAGAIN, с", within=0.001)


@case("Узел умер, слот у другого: обновить карту и пойти туда", fails="gives_up_on_dead")
async def takes_over(c: Case) -> None:
    b = await Bench.make(c)
    keys, slot, source, target = await b.moving(1)
    await b.moved(slot, source, target)
    b.dead.add(source)
    c.emit("node.state", node=source, state="dead")
    request, got = await b.run("GET", keys[0])
    b.gave(got, keys[0], "Команда не ушла, а слот у другого узла: её можно повторить там")
    b.went(request, [source, target], "Сначала к прежнему хозяину, потом к новому")
    b.dead.add(target)
    request, got = await b.run("GET", keys[0])
    c.raised(got, "ConnectionRefusedError", "Хозяин мёртв, другого нет: исключение достаётся вызывающему")


@case("Чужие ошибки доходят как есть, без повторов", fails="retries_lost")
async def passes_errors(c: Case) -> None:
    b = await Bench.make(c)
    (key,) = await b.stored(1)
    request, got = await b.run("INCR", key)
    c.raised(got, "ReplyError", "Значение — не число: об этом узнаёт вызывающий")
    c.equal(len(request.nodes), 1, "Сколько раз отправили INCR")
    b.lost = True
    request, got = await b.run("INCR", key)
    c.raised(got, "ConnectionResetError", "Связь оборвалась: прибавил узел или нет, неизвестно")
    c.equal(len(request.nodes), 1, "Сколько раз отправили INCR", hint="Второй INCR может прибавить ещё раз.")


@case("Переадресации не бесконечны", fails="follows_forever")
async def gives_up(c: Case) -> None:
    b = await Bench.make(c)
    (key,) = await b.stored(1)
    b.lie = f"MOVED {(await b.props.call('slots', [key]))[0]} "
    request, got = await b.run("GET", key)
    c.raised(got, "TooManyRedirects", "Узлы спорят, чей слот: после пяти повторов клиент сдаётся")
    c.equal(len(request.nodes), 6, "Сколько раз отправили команду")


@case("Переезды посреди работы: ни одной ошибки", seeds=6, limit=6.0, fails="forgets_asking")
async def any_moves(c: Case) -> None:
    b = await Bench.make(c)
    await b.stored(2 + c.size)
    for _ in range(3):
        count = c.random.randint(2, 4)
        keys, slot, source, target = await b.moving(count, gone=c.random.randint(0, count - 1))
        for key in [*c.random.sample(sorted(b.values), 4), *keys[:2]]:
            if c.random.random() < 0.4:
                b.values[key] = f"w{c.random.randrange(100, 1000)}"
                _, got = await b.run("SET", key, more=(b.values[key],))
                c.returned(got, b"OK", f"Запись {key!r} посреди переезда")
            b.gave((await b.run("GET", key))[1], key, "Чтение посреди переезда")
        await b.moved(slot, source, target)
    for key in b.values:
        b.gave((await b.run("GET", key))[1], key, "Чтение после всех переездов")
