"""Hidden cases for the resilient client. Shapes are fixed, numbers are random; virtual seconds.

Moments lie on a grid of binary fractions, so that sums of floats stay exact. The transport is a stub that
does what was planned for each attempt. The traces are in the events of the lesson's demo.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.judge import Call, Case, Handle, Outcome, Raise, Stub, Task, Thing, case, seconds, times

EPOCH = 1024.0  # the loop's time at virtual 0
HEADER = "X-Timeout-Ms"
LEAK = "Ответ, который не достался вызывающему, держит соединение, пока не позовёте aclose()."


@dataclass
class Step:
    """What the server does with one attempt: a status, an exception, or (`takes=None`) nothing at all."""

    what: int | str = 200
    takes: float | None = 0.125
    headers: dict[str, str] = field(default_factory=dict)
    response: Handle | None = None
    closed: Stub | None = None
    ended: float = 0.0
    finished: bool = False


Plan = Step | int | str | None


@dataclass
class Sent:
    """One request and the attempts it made."""

    id: int
    host: str
    at: float
    budget: float
    steps: list[Step]
    task: Task = None  # type: ignore[assignment]  # it begins once the plan is known
    calls: list[Call] = field(default_factory=list)

    @property
    def got(self) -> Outcome:
        assert self.task.outcome is not None
        return self.task.outcome


@dataclass
class Bench:
    """A client of the learner's and the servers behind it."""

    c: Case
    client: Any
    settings: dict[str, Any]
    sent: list[Sent] = field(default_factory=list)

    @classmethod
    async def make(cls, c: Case, *, luck: float = 0.5, **more: Any) -> Bench:
        """A new client with random settings; `luck` is what `chance()` says."""
        settings = {
            "deadline": c.random.randrange(24, 41) / 8,
            "attempt_timeout": c.random.randrange(5, 8) / 8,
            "attempts": 3,
            "backoff": 0.25,
            "max_backoff": 1.0,
            "threshold": 50,
            "pause": c.random.randrange(24, 41) / 8,
        } | more
        send, chance = c.stub("send"), c.stub("chance", sync=True).returns(luck)
        bench = cls(c, await c.new("ResilientClient", send, chance=chance, **settings), settings)
        ready = {"deadline": settings["deadline"], "attempts": settings["attempts"]}
        c.at(0).emit("world.ready", **ready, pause=settings["pause"], most=0)
        send.answers(bench.on_send).takes(lambda call: bench.step(call).takes)
        send.on_end = bench.on_end
        await c.advance(0.5)
        return bench

    # -- servers ----------------------------------------------------------------------------------------

    def sent_by(self, call: Call) -> Sent:
        """The request that an attempt belongs to, by its address."""
        tail = str(call.args[1] if len(call.args) == 3 else "").rpartition("/")[2]
        number = int(tail) if tail.isdecimal() else 0
        fine = 0 < number <= len(self.sent) and isinstance(call.args[2], dict)
        self.c.check(
            fine, "send зовут с теми же методом и адресом: send(method, url, headers)", got=call.args
        )
        return self.sent[number - 1]

    def step(self, call: Call) -> Step:
        """What was planned for the attempt that begins."""
        sent = self.sent_by(call)
        return sent.steps[min(len(sent.calls), len(sent.steps) - 1)]

    def on_send(self, call: Call) -> Any:
        sent, step = self.sent_by(call), self.step(call)
        sent.calls.append(call)
        limit = call.args[2].get(HEADER)
        waits = int(limit) if isinstance(limit, str) and limit.isdecimal() else 0
        self.c.at(call.at).emit("try.sent", id=sent.id, host=sent.host, n=len(sent.calls), limit=waits)
        return Raise(step.what, ("сети нет",)) if isinstance(step.what, str) else step.response

    def on_end(self, call: Call, finished: bool) -> None:
        sent, now = self.sent_by(call), self.c.now
        n = sent.calls.index(call)
        step = sent.steps[min(n, len(sent.steps) - 1)]
        step.ended, step.finished = now, finished
        how = "timeout" if not finished else "refused" if isinstance(step.what, str) else str(step.what)
        ms = round((now - call.at) * 1000)
        self.c.at(now).emit("try.ended", id=sent.id, host=sent.host, n=n + 1, how=how, ms=ms)

    # -- requests ---------------------------------------------------------------------------------------

    async def begin(
        self,
        *steps: Plan,
        method: str = "GET",
        host: str = "catalog",
        within: float | None = None,
        **more: Any,
    ) -> Sent:
        """Send one request; its attempts meet `steps` in turn (None: silence), the last one for good.

        `within`: hand over a deadline so many seconds from now.
        """
        c, number = self.c, len(self.sent) + 1
        plan = [s if isinstance(s, Step) else Step(s) if s is not None else Step(takes=None) for s in steps]
        for n, step in enumerate(plan):
            if isinstance(step.what, int) and step.takes is not None:
                step.closed = c.stub(f"aclose_{number}_{n}")
                step.response = await c.new(
                    "Response", step.what, step.headers, step.closed, number * 100 + n
                )
        budget = self.settings["deadline"] if within is None else min(self.settings["deadline"], within)
        if within is not None:
            more["deadline"] = EPOCH + c.now + within
        self.sent.append(sent := Sent(number, host, c.now, budget, plan))
        sent.task = c.begin(self.client, "request", method, f"http://{host}/{number}", **more)
        return sent

    async def ask(self, *steps: Plan, **more: Any) -> Sent:
        """The same, to its end."""
        return await self.end(await self.begin(*steps, **more))

    async def end(self, sent: Sent) -> Sent:
        got = await sent.task
        how = "open" if got.is_a("CircuitOpen") else "timeout" if got.is_a("TimeoutError") else "refused"
        if got.ok and sent.calls:
            how = str(sent.steps[min(len(sent.calls), len(sent.steps)) - 1].what)
        told = {"waited": round(got.at - sent.at, 3), "budget": sent.budget}
        self.c.at(got.at).emit("call.done", id=sent.id, host=sent.host, how=how, **told)
        return sent

    # -- what is seen -------------------------------------------------------------------------------------

    def made(self, sent: Sent, count: int, what: str, *, hint: str = "") -> None:
        """So many attempts."""
        said = [times(n, "попытка", "попытки", "попыток") for n in (count, len(sent.calls))]
        self.c.check(len(sent.calls) == count, what, expected=said[0], got=said[1], hint=hint)

    async def gave(self, sent: Sent, n: int, what: str) -> None:
        """The caller got the answer of attempt `n` (from 1), and it is open."""
        got, step = sent.got, sent.steps[n - 1]
        self.c.check(got.ok and isinstance(got.value, Thing), what, expected=f"ответ {step.what}", got=got)
        (body,) = await self.c.look(Handle(got.value.ref, "response"), "body")
        self.c.equal(body, sent.id * 100 + n - 1, f"{what}. Это body ответа попытки {n}")
        open_still = step.closed is not None and not step.closed.calls
        said = "Ответ, который достаётся вызывающему, закрывает он сам"
        self.c.check(open_still, said, expected="ответ открыт", got="aclose уже позвали")

    def released(self, sent: Sent, n: int) -> None:
        """The answer of attempt `n` was closed once, at once."""
        step = sent.steps[n - 1]
        closed = step.closed.calls if step.closed else []
        self.c.equal(len(closed), 1, f"Сколько раз закрыт ответ попытки {n}", hint=LEAK)
        self.c.close(closed[0].at, step.ended, "Ненужный ответ закрывают до паузы, а не после")

    def took(self, sent: Sent, expected: float, *, hint: str = "") -> None:
        self.c.close(round(sent.got.at - sent.at, 9), expected, "Сколько секунд длился вызов", hint=hint)

    def told(self, sent: Sent, n: int, limit: float) -> None:
        """Attempt `n` has told the server how long it waits."""
        self.c.equal(sent.calls[n - 1].args[2].get(HEADER), str(int(limit * 1000)), f"{HEADER} попытки {n}")

    def in_time(self, sent: Sent, what: str) -> None:
        took = sent.got.at - sent.at
        bound = f"не дольше {seconds(sent.budget)}"
        self.c.check(took <= sent.budget + 1e-6, what, expected=bound, got=seconds(round(took, 3)))


@case("Удачный ответ отдаётся сразу, заголовки вызывающего целы", fails="loses_headers")
async def passes_through(c: Case) -> None:
    b = await Bench.make(c)
    trace = str(c.random.randrange(10_000))
    sent = await b.ask(200, headers={"X-Trace": trace})
    b.made(sent, 1, "Удачный ответ не повторяют")
    await b.gave(sent, 1, "Ответ 200 достаётся вызывающему")
    c.equal(sent.calls[0].args[0], "GET", "Метод доходит до send как есть")
    c.equal(sent.calls[0].args[2].get("X-Trace"), trace, "Заголовок вызывающего X-Trace")


@case("Ответы 4xx — не ошибка: их не повторяют, цепь от них не размыкается", fails="blames_4xx")
async def client_errors(c: Case) -> None:
    b = await Bench.make(c, threshold=3)
    for status in (404, 400, 409, 403, 422):
        b.made(sent := await b.ask(status), 1, f"Ответ {status} повторять незачем: он не изменится")
        await b.gave(sent, 1, f"Ответ {status} достаётся вызывающему")


@case("Молчащую попытку обрывает attempt_timeout", fails="waits_for_ever")
async def attempt_timeout(c: Case) -> None:
    b = await Bench.make(c, luck=0.0)
    sent = await b.ask(None, 200)
    b.made(sent, 2, "После тайм-аута попытку повторяют")
    lasted = sent.steps[0].ended - sent.calls[0].at
    c.close(lasted, b.settings["attempt_timeout"], "Сколько секунд длилась молчащая попытка")
    await b.gave(sent, 2, "Вторая попытка удалась")


@case("Сбои сети и 5xx повторяются, последний исход достаётся вызывающему", fails="hides_the_last")
async def retries(c: Case) -> None:
    b = await Bench.make(c)
    await b.gave(await b.ask("ConnectionError", 502, 200), 3, "Третья попытка удалась")
    sent = await b.ask(500, 503, 502)
    b.made(sent, 3, "Попыток столько, сколько разрешено в attempts")
    await b.gave(sent, 3, "Попытки кончились: вызывающему достаётся последний ответ")
    sent = await b.ask(503, "OSError", "ConnectionResetError")
    c.raised(sent.got, "ConnectionResetError", "Попытки кончились: вызывающему достаётся последняя ошибка")
    c.equal(
        sent.got.source, sent.calls[2].n, "Это должен быть тот же объект исключения, а не похожий на него"
    )


@case("POST не повторяют, пока сервер не умеет узнать повтор", fails="repeats_post")
async def idempotent_only(c: Case) -> None:
    b = await Bench.make(c)
    hint = "Первая попытка могла и удаться: пропал только ответ."
    for step in (500, None, "ConnectionError"):
        for method in ("POST", "PATCH"):
            sent = await b.ask(step, 200, method=method, host="orders")
            b.made(sent, 1, f"{method} неидемпотентен: попытка одна", hint=hint)
    key = {"idempotency-key": str(c.random.randrange(10_000))}
    sent = await b.ask(503, 200, method="POST", host="orders", headers=key)
    b.made(sent, 2, "С заголовком Idempotency-Key повторять можно и POST")
    for method in ("PUT", "DELETE", "HEAD"):
        b.made(await b.ask(503, 200, method=method), 2, f"{method} идемпотентен: его повторяют")


@case("Паузы растут, выбираются случаем и не короче Retry-After", fails="ignores_retry_after")
async def pauses(c: Case) -> None:
    luck = c.random.choice([0.25, 0.5, 0.75])
    b = await Bench.make(c, luck=luck, attempts=6, deadline=30.0)
    asked = c.random.randint(2, 5)
    date = {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}
    plans: list[tuple[str, list[Step | int], list[float]]] = [
        (
            "chance() · min(max_backoff, backoff · 2ⁿ)",
            [503] * 5,
            [luck * x for x in (0.25, 0.5, 1.0, 1.0, 1.0)],
        ),
        ("сервер попросил подождать", [Step(503, headers={"retry-after": str(asked)})], [float(asked)]),
        ("дату в Retry-After не разбирают", [Step(503, headers=date)], [luck * 0.25]),
    ]
    for why, steps, gaps in plans:
        sent = await b.ask(*steps, 200)
        b.made(sent, len(gaps) + 1, "После 503 попытку повторяют")
        for n, gap in enumerate(gaps):
            seen = sent.calls[n + 1].at - sent.steps[n].ended
            c.close(seen, gap, f"Пауза после попытки {n + 1}, секунд: {why}")


@case("Ответ, который никому не достался, закрывают до паузы", fails="leaks_responses")
async def releases(c: Case) -> None:
    b = await Bench.make(c)
    sent = await b.ask(500, 503, 200)
    await b.gave(sent, 3, "Третья попытка удалась")
    b.released(sent, 1)
    b.released(sent, 2)
    sent = await b.ask(503, "ConnectionError", 502)
    b.released(sent, 1)
    await b.gave(sent, 3, "Попытки кончились: вызывающему достаётся последний ответ")


@case("Весь вызов укладывается в дедлайн, сколько бы попыток ни осталось", fails="counts_attempts_only")
async def deadline_holds(c: Case) -> None:
    whole = c.random.choice([1.0, 1.125, 1.375, 1.5])
    b = await Bench.make(c, deadline=whole, attempt_timeout=0.625, attempts=9, luck=0.0)
    sent = await b.ask(None)
    b.in_time(sent, "Вызов не длится дольше дедлайна")
    c.raised(sent.got, "DeadlineExceeded", "Время вышло посреди попытки")
    b.took(sent, whole)


@case("Дедлайн, полученный сверху, только укорачивает свой", fails="ignores_inherited")
async def inherited(c: Case) -> None:
    b = await Bench.make(c)
    within = c.random.randrange(2, 5) / 8
    sent = await b.ask(None, within=within)
    c.raised(sent.got, "DeadlineExceeded", "Время вызывающего вышло")
    b.took(sent, within, hint="deadline — это момент loop.time(), а не число секунд.")
    b.in_time(await b.ask(None, within=60.0), "Дальний чужой дедлайн не продлевает свой")
    late = await b.ask(200, within=-0.125)
    c.raised(late.got, "DeadlineExceeded", "Дедлайн уже прошёл")
    b.made(late, 0, "Дедлайн прошёл до первой попытки: сервер не беспокоят")


@case("Сервер узнаёт, сколько его будут ждать на самом деле", fails="tells_whole_budget")
async def tells_the_server(c: Case) -> None:
    b = await Bench.make(c, deadline=1.5, attempt_timeout=0.625, luck=0.0)
    sent = await b.ask(None)
    b.made(sent, 3, "Времени хватает на две полные попытки и остаток")
    for n, limit in enumerate((0.625, 0.625, 0.25), 1):
        b.told(sent, n, limit)
    b.told(await b.ask(200, within=0.375), 1, 0.375)


@case("Если пауза не оставит времени на попытку, ждать её незачем", fails="sleeps_past_deadline")
async def no_use_waiting(c: Case) -> None:
    b = await Bench.make(c)
    asked = str(c.random.randint(30, 90))
    sent = await b.ask(Step(503, headers={"retry-after": asked}), 200)
    b.made(sent, 1, f"Retry-After: {asked} дольше дедлайна")
    await b.gave(sent, 1, "Ответ 503 сейчас лучше, чем DeadlineExceeded потом")
    b.took(sent, 0.125)
    sent = await b.ask(Step("ConnectionError", takes=0.25), 200, within=0.375)
    c.raised(sent.got, "ConnectionError", "На паузу и попытку времени нет: отдают ошибку, какая есть")
    b.took(sent, 0.25)


@case("Ответы 500 размыкают цепь так же, как тишина", fails="trusts_500")
async def opens_on_500(c: Case) -> None:
    b = await Bench.make(c, threshold=3, attempts=1)
    for step in (500, None, "ConnectionError"):
        await b.ask(step, host="prices")
    sent = await b.ask(200, host="prices")
    c.raised(sent.got, "CircuitOpen", "После трёх неудач подряд цепь разомкнута")
    b.made(sent, 0, "Разомкнутая цепь не пускает к серверу")
    await c.advance(b.settings["pause"] + 0.125)
    await b.gave(await b.ask(200, host="prices"), 1, "Пауза вышла: проба идёт к серверу")


@case("У каждого хоста своя цепь", fails="one_circuit_for_all")
async def per_host(c: Case) -> None:
    b = await Bench.make(c, threshold=3, attempts=1)
    for _ in range(3):
        await b.ask("ConnectionError", host="prices")
    refused = await b.ask(200, host="prices")
    c.raised(refused.got, "CircuitOpen", "После трёх неудач цепь к prices разомкнута")
    b.made(await b.ask(200), 1, "Беда prices не размыкает цепь к catalog")


@case("Цепь разомкнулась посреди вызова — повторов больше нет", fails="knocks_on_open")
async def stops_when_opened(c: Case) -> None:
    b = await Bench.make(c, threshold=2, attempts=5, deadline=4.0, pause=0.25, luck=0.75)
    sent = await b.ask("ConnectionError", 502, 200)
    b.made(sent, 2, "Вторая ошибка разомкнула цепь: третьей попытки нет")
    await b.gave(sent, 2, "Вызывающему достаётся то, что есть")
    b.took(sent, 0.25 + 0.75 * 0.25)


@case("429 повторяют, но в ошибки хоста не записывают", fails="blames_429")
async def too_many_requests(c: Case) -> None:
    b = await Bench.make(c, threshold=3, attempts=4)
    sent = await b.ask(Step(429, headers={"retry-after": "1"}), 429, 429, 200)
    b.made(sent, 4, "429 — просьба притормозить: после паузы попытку повторяют")
    await b.gave(sent, 4, "Четвёртая попытка удалась")


@case("Попытка, которой не дали времени, хост не порочит", fails="blames_the_hurried")
async def hurried(c: Case) -> None:
    b = await Bench.make(c, threshold=2)
    for _ in range(4):
        sent = await b.ask(None, within=0.25)
        c.raised(sent.got, "DeadlineExceeded", "Времени было меньше attempt_timeout")
    hint = "Торопливый вызывающий не должен отключать сервер терпеливым."
    b.made(await b.ask(200), 1, "Оборванные дедлайном попытки не размыкают цепь", hint=hint)


@case("Отмена и чужие исключения: сразу наверх, без повторов и без счёта", fails="catches_everything")
async def not_ours(c: Case) -> None:
    b = await Bench.make(c, threshold=2)
    for _ in range(3):
        sent = await b.ask("ValueError", 200)
        c.raised(sent.got, "ValueError", "Это ошибка в коде, а не в сети")
        b.made(sent, 1, "Ошибку в коде не повторяют")
        sent = await b.begin(None)
        await c.advance(0.125)
        await c.cancel(sent.task)
        c.check(sent.task.done, "Отмена завершает вызов", expected="CancelledError", got="вызов ждёт")
        c.raised((await b.end(sent)).got, "CancelledError", "Отмена доходит до вызывающего")
    b.made(await b.ask(200), 1, "Ни отмена, ни ошибка в коде не размыкают цепь")


@case("Случайные аварии: обещания держатся всегда", seeds=20, limit=6.0)
async def promises(c: Case) -> None:
    b = await Bench.make(c, luck=c.random.choice([0.0, 0.5, 0.875]), threshold=c.random.choice([4, 50]))
    begun = []
    for _ in range(min(8, 2 + c.size)):
        outcomes = [200, 404, 429, 500, 503, None, "ConnectionError"]
        steps = [c.random.choice([*outcomes, Step(503, takes=0.5)]) for _ in range(3)]
        method, host = c.random.choice([("GET", "catalog"), ("GET", "prices"), ("POST", "orders")])
        within = c.random.choice([None, None, 0.375, 1.0])
        begun.append((method, await b.begin(*steps, method=method, host=host, within=within)))
        await c.advance(c.random.randrange(0, 5) / 8)
    for method, sent in begun:
        await b.end(sent)
        b.in_time(sent, "Вызов не длится дольше дедлайна")
        most, last = 3 if method == "GET" else 1, len(sent.calls)
        c.check(last <= most, f"Попыток {method} не больше {most}", got=last)
        for n, (call, step) in enumerate(zip(sent.calls, sent.steps, strict=False), 1):
            b.told(sent, n, min(b.settings["attempt_timeout"], sent.at + sent.budget - call.at))
            if step.closed and step.finished and not (n == last and sent.got.ok):
                b.released(sent, n)
        if sent.got.ok:
            await b.gave(sent, last, "Вызывающему достаётся последний ответ")
