"""Hidden cases for the pool. Shapes are fixed, numbers are random; virtual seconds.

Moments lie on a grid of 1/8 s, so that sums of floats stay exact, and never on the edge of a rule.
The traces are in the events of the lesson's demo, so a failing case opens on its scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.judge import Call, Case, Outcome, Raise, Task, case, seconds

DIALS = 0.5  # seconds an ordinary dial lasts
REFUSED = Raise("ConnectionRefusedError", ("сервер не принимает",))


@dataclass
class Ask:
    """One caller: `conn` is what it was lent, until it gives that back."""

    id: int
    at: float
    task: Task
    conn: Any = None
    told: bool = False

    @property
    def got(self) -> Outcome | None:
        return self.task.outcome


@dataclass
class Bench:
    """A pool of the learner's, a server that counts its connections, and the trace of both."""

    c: Case
    size: int
    timeout: float
    pool: Any = None
    asks: list[Ask] = field(default_factory=list)
    dials: list[tuple[float, bool]] = field(default_factory=list)  # what is planned: seconds, does it succeed
    names: dict[int, str] = field(default_factory=dict)  # stub call → connection
    open: dict[str, float] = field(default_factory=dict)
    hung_up: list[str] = field(default_factory=list)
    dead: set[str] = field(default_factory=set)
    fault: tuple[str, Any, Any] | None = None  # what is wrong, expected, got: told at the next look

    @classmethod
    async def make(cls, c: Case, *, least: int = 2, most: int = 4, **more: Any) -> Bench:
        """A new pool of random size."""
        bench = cls(c, c.random.randint(least, most), c.random.randrange(24, 57) / 8)
        bench.dial, bench.hang_up, bench.is_alive = (
            c.stub("dial"),
            c.stub("hang_up", sync=True),
            c.stub("is_alive"),
        )
        bench.dial.answers(bench.on_dial).takes(lambda call: bench.plan(call)[0])
        bench.dial.on_end = bench.on_dialled
        bench.hang_up.answers(bench.on_hang_up)
        bench.is_alive.answers(bench.on_check)
        settings = {"max_size": bench.size, "timeout": bench.timeout, "is_alive": bench.is_alive, **more}
        bench.pool = await c.new("ConnectionPool", bench.dial, bench.hang_up, **settings)
        c.at(0).emit("world.ready", size=bench.size, cores=12, most=12, patience=bench.timeout)
        await c.advance(0.5)
        return bench

    # -- the server ---------------------------------------------------------------------------------------

    def plan(self, call: Call) -> tuple[float, bool]:
        number = self.dial.calls.index(call)
        return self.dials[number] if number < len(self.dials) else (DIALS, True)

    def on_dial(self, call: Call) -> Any:
        number = len(self.dial.calls)
        name = self.names[call.n] = f"conn-{number}"
        self.c.at(call.at).emit("conn.dialing", conn=number)
        count = len(self.open) + self.dial.in_flight
        if count > self.size:
            self.fault = self.fault or (
                "Соединений, вместе с теми, что открываются",
                f"не больше {self.size}",
                count,
            )
        return name if self.plan(call)[1] else REFUSED

    def on_dialled(self, call: Call, finished: bool) -> None:
        name, now = self.names[call.n], self.c.now
        if finished and self.plan(call)[1]:
            self.open[name] = now
            self.c.emit("conn.open", conn=number_of(name), ms=round((now - call.at) * 1000))
        else:
            self.c.emit("conn.closed", conn=number_of(name))

    def on_hang_up(self, call: Call) -> Any:
        name = name_in(call)
        if name not in self.open:
            self.fault = self.fault or ("hang_up зовут для открытого соединения и один раз", "открытое", name)
        self.open.pop(name, None)
        self.hung_up.append(name)
        self.c.at(call.at).emit("conn.closed", conn=number_of(name))

    def on_check(self, call: Call) -> bool:
        alive = name_in(call) not in self.dead
        if not alive:
            self.c.at(call.at).emit("conn.dead", conn=number_of(name_in(call)))
        return alive

    # -- callers ------------------------------------------------------------------------------------------

    async def ask(self) -> Ask:
        """Somebody comes for a connection; it may have it at once, or wait."""
        number = len(self.asks) + 1
        self.c.emit("request.sent", id=number)
        ask = Ask(number, self.c.now, self.c.begin(self.pool, "acquire"))
        self.asks.append(ask)
        self.notice()
        return ask

    async def lend(self) -> Ask:
        """The same, and the connection must come."""
        ask = await self.ask()
        await ask.task
        self.notice()
        self.holds(ask, "Соединение выдаётся, когда есть место")
        return ask

    async def crowd(self, count: int | None = None) -> list[Ask]:
        """As many callers as there are places, each with a connection."""
        return [await self.lend() for _ in range(self.size if count is None else count)]

    async def give(self, ask: Ask, *, broken: bool = False) -> None:
        """The caller gives its connection back."""
        conn, ask.conn = ask.conn, None
        self.done(ask, "ConnectionResetError" if broken else "")
        more = {"broken": True} if broken else {}
        got = await self.c.call(self.pool, "release", conn, **more)
        self.c.check(got.ok, "release не бросает исключений", expected="ничего", got=got)
        self.notice()

    async def cancel(self, ask: Ask) -> None:
        await self.c.cancel(ask.task)
        self.notice()

    async def wait(self, by: float) -> None:
        await self.c.advance(by)
        self.notice()

    def done(self, ask: Ask, error: str = "") -> None:
        ms = round((self.c.now - ask.at) * 1000)
        self.c.emit("request.done", id=ask.id, ok=not error, ms=ms, error=error)

    # -- what is seen -------------------------------------------------------------------------------------

    def notice(self) -> None:
        """Put into the trace what has changed, and see that nothing impossible has happened."""
        for ask in self.asks:
            got = ask.got
            if got is None or ask.told:
                continue
            ask.told = True
            if not got.ok:
                self.done(ask, str(got.error))
                continue
            lent = [other.conn for other in self.asks if other.conn is not None]
            ask.conn = got.value
            if type(ask.conn) is not str or ask.conn not in self.open:
                self.fault = self.fault or ("Выдают только открытое соединение", "открытое", ask.conn)
            elif ask.conn in lent:
                self.c.emit("conn.shared", conn=number_of(ask.conn))
                self.fault = self.fault or ("Одно соединение не выдают двоим сразу", "свободное", ask.conn)
            waited = round((got.at - ask.at) * 1000)
            self.c.at(got.at).emit("request.leased", id=ask.id, conn=number_of(ask.conn), waited=waited)
        what, expected, got = self.fault or ("", "", "")
        self.c.check(self.fault is None, what, expected=expected, got=got)

    def holds(self, ask: Ask, what: str, conn: str = "", *, hint: str = "") -> None:
        """The caller has a connection by now; if named, that very one."""
        self.c.check(
            ask.got is not None and ask.got.ok, what, expected=conn or "соединение", got=told(ask), hint=hint
        )
        if conn:
            self.c.equal(ask.got.value, conn, what, hint=hint)

    def waits(self, ask: Ask, what: str) -> None:
        self.c.check(ask.got is None, what, expected="ждёт", got=told(ask))

    def refused(self, ask: Ask, error: str, at: float, what: str) -> None:
        """The caller got the exception, at that very moment."""
        self.c.check(ask.got is not None and ask.got.is_a(error), what, expected=error, got=told(ask))
        self.c.close(ask.got.at, at, f"{what}: в какую секунду")


def told(ask: Ask) -> Any:
    return "ждёт" if ask.got is None else ask.got


def name_in(call: Call) -> str:
    return str(next(iter([*call.args, *call.kwargs.values()]), "ничего"))


def number_of(name: Any) -> int:
    tail = str(name).removeprefix("conn-")
    return int(tail) if tail.isdecimal() else 0


# -- the limit and the line ----------------------------------------------------------------------------------


@case("Первому открывают соединение, второму — ещё одно")
async def opens(c: Case) -> None:
    b = await Bench.make(c)
    await b.crowd(2)
    c.equal(len(b.dial.calls), 2, "На двоих — два рукопожатия")


@case("Соединений не больше, чем мест, и свободные выдаются снова", fails="dials_always")
async def reuses(c: Case) -> None:
    b = await Bench.make(c)
    first, second = await b.crowd(2)
    kept, last = first.conn, second.conn
    await b.give(first)
    await b.give(second)
    again = await b.lend()
    c.equal(len(b.dial.calls), 2, "Есть свободное соединение — новое не открывают")
    c.equal(again.conn, last, "Первым выдают соединение, которое вернули последним")
    c.equal((await b.lend()).conn, kept, "Следующим — то, которое вернули раньше")


@case("Мест нет — вызывающий ждёт и получает соединение, едва его вернули", fails="fails_at_once no_limit")
async def waits_for_a_place(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    late = await b.ask()
    await b.wait(0.5)
    b.waits(late, "Когда все места заняты, acquire ждёт, а не отказывает")
    conn = holders[0].conn
    await b.give(holders[0])
    b.holds(late, "Возвращённое соединение сразу достаётся ждущему", conn)
    c.equal(len(b.dial.calls), b.size, "Лишних соединений не открывают")


@case("Очередь честная: кто раньше пришёл, тому раньше и дали", fails="last_come_first_served polls")
async def first_come_first_served(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    line = [await b.ask() for _ in range(3)]
    await b.wait(0.25)
    for n in range(2):
        await b.give(holders[n])
        b.holds(line[n], f"Ждущий номер {n + 1} получает соединение первым из оставшихся")
        b.waits(line[2], "Третий ждёт своей очереди")
    late = await b.ask()
    await b.give(line[0])
    b.holds(line[2], "Пришедший позже не обгоняет того, кто уже ждёт")
    b.waits(late, "Пришедший позже не обгоняет того, кто уже ждёт")


@case(
    "Ждут не дольше timeout, а ушедший из очереди не уносит чужого", fails="waits_forever keeps_dead_tickets"
)
async def deadline(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    impatient = await b.ask()
    await b.wait(b.timeout - 1.0)
    cancelled, patient = await b.ask(), await b.ask()
    await b.wait(0.875)
    b.waits(impatient, "До срока acquire терпеливо ждёт")
    await b.wait(0.375)
    b.refused(impatient, "PoolTimeout", impatient.at + b.timeout, "Кто не дождался, получает PoolTimeout")
    await b.cancel(cancelled)
    await b.give(holders[0])
    hint = "Кто-то положил соединение в руки тому, кого уже нет."
    b.holds(patient, "Соединение достаётся тому, кто ещё ждёт", hint=hint)


@case("Открыть соединение тоже надо успеть за timeout", fails="deadline_of_line_only loses_place_on_cancel")
async def deadline_covers_dialling(c: Case) -> None:
    b = await Bench.make(c, most=2)
    b.dials = [(b.timeout + 2.0, True)] * b.size
    asks = [await b.ask() for _ in range(b.size)]
    await b.wait(b.timeout + 0.25)
    for ask in asks:
        b.refused(ask, "PoolTimeout", ask.at + b.timeout, "Срок один на всё: и на очередь, и на рукопожатие")
    again = await b.ask()
    await b.wait(DIALS + 0.125)
    b.holds(
        again,
        "Место того, кто не дождался, свободно",
        hint="TimeoutError и CancelledError тоже освобождают место.",
    )


# -- dialling ------------------------------------------------------------------------------------------------


@case("Пока одному открывают соединение, остальные не стоят", fails="dials_under_lock")
async def dials_in_parallel(c: Case) -> None:
    b = await Bench.make(c, least=3)
    b.dials = [(DIALS, True), (2.0, True), (2.0, True)]
    ready = await b.lend()
    slow = [await b.ask(), await b.ask()]
    c.equal(len(b.dial.calls), 3, "Два места — два рукопожатия одновременно")
    conn = ready.conn
    await b.give(ready)
    quick = await b.ask()
    b.holds(quick, "Свободное соединение выдают сразу, хотя рядом открывают новое", conn)
    await b.wait(2.125)
    for ask in slow:
        b.holds(ask, "Оба соединения открылись за время одного рукопожатия")


@case("Неудачное рукопожатие не съедает место", fails="loses_place_on_failed_dial")
async def failed_dial(c: Case) -> None:
    b = await Bench.make(c)
    b.dials = [(DIALS, False)] * b.size
    unlucky = [await b.ask() for _ in range(b.size)]
    late = await b.ask()
    await b.wait(DIALS + 0.125)
    for ask in unlucky:
        b.refused(
            ask, "ConnectionRefusedError", ask.at + DIALS, "Исключение dial достаётся тому, кому открывали"
        )
    await b.wait(DIALS)
    b.holds(late, "Освободившееся место достаётся следующему в очереди")
    await b.crowd(b.size - 1)


@case("Отмена во время рукопожатия возвращает место", fails="loses_place_on_cancel")
async def cancelled_while_dialling(c: Case) -> None:
    b = await Bench.make(c)
    b.dials = [(3.0, True)] * b.size
    gone = [await b.ask() for _ in range(b.size)]
    late = await b.ask()
    await b.wait(0.25)
    for ask in gone:
        await b.cancel(ask)
    await b.wait(DIALS + 0.125)
    b.holds(
        late,
        "Место отменённого досталось ждущему",
        hint="CancelledError — наследник BaseException, а не Exception.",
    )
    await b.crowd(b.size - 1)


# -- what is lent --------------------------------------------------------------------------------------------


@case("Сломанное соединение не выдают, место остаётся", fails="broken_goes_back broken_takes_its_place")
async def broken(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    late = await b.ask()
    conn = holders[0].conn
    await b.give(holders[0], broken=True)
    c.equal(b.hung_up, [conn], "Сломанное закрывают сразу, через hang_up")
    await b.wait(DIALS + 0.125)
    b.holds(late, "Ждущему открывают новое на освободившемся месте", f"conn-{b.size + 1}")


@case("Мёртвое соединение обнаруживают при выдаче", fails="trusts_idle dead_takes_its_place trusts_check")
async def liveness(c: Case) -> None:
    b = await Bench.make(c, least=3)
    holders = await b.crowd()
    c.equal(len(b.is_alive.calls), 0, "Только что открытое не проверяют")
    names = [ask.conn for ask in holders]
    for ask in holders:
        await b.give(ask)
    b.dead = set(names[1:])
    first = await b.lend()
    c.equal(first.conn, names[0], "Мёртвые пропускают и берут следующее свободное")
    c.equal(b.hung_up, names[:0:-1], "Каждое мёртвое закрывают через hang_up")
    await b.crowd(b.size - 1)
    c.equal(len(b.dial.calls), 2 * b.size - 1, "На место мёртвых открывают новые")
    await b.give(first)
    b.is_alive.raises("ConnectionResetError", "соединение разорвано")
    b.holds(await b.lend(), "Исключение из is_alive значит «мёртвое»: открывают новое", f"conn-{2 * b.size}")


@case("Старое соединение не выдают", fails="forgets_age")
async def lifetime(c: Case) -> None:
    age = c.random.randrange(80, 161) / 8
    b = await Bench.make(c, max_lifetime=age)
    first = await b.lend()
    born, conn = c.now, first.conn
    await b.wait(1.0)
    await b.give(first)
    await b.wait(born + age - 0.25 - c.now)
    again = await b.lend()
    c.equal(again.conn, conn, "Моложе max_lifetime — ещё послужит")
    await b.give(again)
    await b.wait(0.5)
    b.holds(await b.lend(), "Возраст считают с рождения, а не с возврата; старому ищут замену", "conn-2")
    c.equal(b.hung_up, [conn], "Старое закрывают")


@case("Дважды не возвращают и чужого не берут", fails="accepts_twice")
async def not_lent(c: Case) -> None:
    b = await Bench.make(c)
    first = await b.lend()
    conn = first.conn
    await b.give(first)
    for stranger, whose in ((conn, "Вернуть второй раз"), ("conn-99", "Вернуть чужое")):
        got = await c.call(b.pool, "release", stranger)
        c.raised(got, "NotLent", f"{whose} нельзя")
    await b.crowd()
    b.waits(await b.ask(), "Мест от этого не прибавилось")


@case("hang_up, который упал, не уносит место", fails="trusts_hang_up")
async def failing_hang_up(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    late = await b.ask()
    b.hang_up.answers(lambda call: b.on_hang_up(call) or Raise("OSError", ("сокет уже закрыт",)))
    await b.give(holders[0], broken=True)
    await b.wait(DIALS + 0.125)
    b.holds(late, "Место освободилось, хотя hang_up бросил исключение")


# -- the end -------------------------------------------------------------------------------------------------


@case("close ждёт тех, кто ещё работает", fails="close_hurries crashes_after_close")
async def close_waits(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    spare, conn = holders.pop(), holders[-1].conn
    await b.give(spare)
    closing = c.begin(b.pool, "close")
    c.check(len(b.hung_up) == 1, "Свободные закрываются сразу", expected=1, got=len(b.hung_up))
    refused = await b.ask()
    b.refused(refused, "PoolClosed", refused.at, "После close новых соединений не выдают")
    for ask in holders:
        await b.wait(0.5)
        c.check(
            not closing.done, "close ждёт, пока вернут все выданные", expected="ждёт", got=closing.outcome
        )
        await b.give(ask)
    c.check(closing.done, "Вернули последнее — close завершается", expected="завершён", got="ждёт")
    c.check(conn in b.hung_up and not b.open, "Возвращённые после close закрываются", got=sorted(b.open))


@case("close не оставляет никого в очереди", fails="close_leaves_the_line")
async def close_refuses_the_line(c: Case) -> None:
    b = await Bench.make(c)
    holders = await b.crowd()
    line = [await b.ask() for _ in range(3)]
    await b.wait(0.25)
    moment, closing = c.now, c.begin(b.pool, "close")
    await b.wait(0.25)
    for ask in line:
        b.refused(ask, "PoolClosed", moment, "Ждущие узнают о закрытии сразу")
    for ask in holders:
        await b.give(ask)
    c.check(closing.done, "Вернули последнее — close завершается", expected="завершён", got="ждёт")
    again = await c.call(b.pool, "close")
    c.check(again.ok, "Второй close ничему не мешает", got=again)


@case("Нелепые настройки не принимаются", fails="accepts_nonsense")
async def refuses_nonsense(c: Case) -> None:
    dial, hang_up = c.stub("dial"), c.stub("hang_up", sync=True)
    for wrong in (
        {"max_size": 0},
        {"min_size": -1},
        {"min_size": 5, "max_size": 4},
        {"timeout": 0.0},
        {"max_lifetime": -1.0},
    ):
        got = await c.call(c.module, "ConnectionPool", dial, hang_up, **wrong)
        c.raised(got, "ValueError", f"{wrong} — ошибка в настройках")


# -- any schedule --------------------------------------------------------------------------------------------


@case("При любом расписании ни одно место не пропадает и никто не ждёт зря", seeds=20, limit=6.0)
async def no_place_is_lost(c: Case) -> None:
    b = await Bench.make(c, least=1, most=3)
    b.dials = [(c.random.choice((1, 4, 12, 40)) / 8, c.random.random() < 0.75) for _ in range(99)]
    for _ in range(8 + c.size):
        choice = c.random.random()
        holders = [ask for ask in b.asks if ask.conn is not None]
        waiting = [ask for ask in b.asks if ask.got is None]
        if choice < 0.12 and waiting:
            await b.cancel(c.random.choice(waiting))
        elif choice < 0.45 and holders:
            ask, spoilt = c.random.choice(holders), c.random.random() < 0.25
            if not spoilt and c.random.random() < 0.25:
                b.dead.add(ask.conn)
            await b.give(ask, broken=spoilt)
        elif choice < 0.8:
            await b.ask()
        else:
            await b.wait(c.random.choice((1, 4, 16, 32)) / 8 + 0.0625)
        waiting = [ask for ask in b.asks if ask.got is None]
        taken = sum(ask.conn is not None for ask in b.asks) + b.dial.in_flight
        if len(waiting) > b.dial.in_flight:
            c.equal(taken, b.size, f"Кто-то ждёт на {seconds(c.now)}: занятых мест, вместе с рукопожатиями")
        for ask in waiting:
            late = c.now > ask.at + b.timeout
            c.check(not late, f"Вызывающий {ask.id} ждёт дольше timeout", expected="PoolTimeout", got="ждёт")
    for ask in [ask for ask in b.asks if ask.conn is not None]:
        await b.give(ask)
    await b.wait(b.timeout + 0.125)
    for ask in [ask for ask in b.asks if ask.conn is not None]:
        await b.give(ask)
    b.dials = []
    await b.crowd()
