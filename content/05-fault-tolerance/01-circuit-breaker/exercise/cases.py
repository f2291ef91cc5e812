"""Hidden cases for the breaker. Shapes are fixed, numbers are random; virtual seconds.

Moments lie on a grid of 1/8 s, so that sums of floats stay exact, and never on the edge of a rule.
The traces are in the events of the lesson's demo, so a failing case opens on its scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.judge import Call, Case, ExceptionName, Outcome, Raise, Stub, Task, case, seconds, times

HOP = 0.3  # seconds a packet travels one way on the picture, as in demo.py
TAKES = 0.75  # seconds an ordinary call lasts
STATES = {"closed": "замкнута", "open": "разомкнута", "half_open": "полуоткрыта"}


@dataclass
class Sent:
    """One call through the breaker: `n` is the number of the backend's call it became, 0 if it did not."""

    id: int
    at: float
    task: Task
    n: int = 0

    @property
    def got(self) -> Outcome | None:
        return self.task.outcome


@dataclass
class Plan:
    """What the backend will do with one call."""

    answer: Any
    takes: float | None
    began: float = 0.0


@dataclass
class Bench:
    """A breaker of the learner's, its backend, and the trace of both."""

    c: Case
    breaker: Any
    backend: Stub
    service_error: ExceptionName
    timeout: float
    failures: int
    successes: int
    state: Any = "closed"
    shown: tuple[Any, Any] = (0, 0)
    sent: dict[int, Sent] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    waiting: list[Sent] = field(default_factory=list)

    @classmethod
    async def make(
        cls,
        c: Case,
        *,
        least_successes: int = 1,
        least_failures: int = 2,
        most_failures: int = 5,
        **more: Any,
    ) -> Bench:
        """A new breaker with random settings."""
        settings: dict[str, Any] = {
            "timeout": c.random.randrange(24, 81) / 8,
            "failure_threshold": c.random.randint(least_failures, most_failures),
            "success_threshold": c.random.randint(least_successes, 3),
        }
        backend = c.stub("backend")
        error = c.exception("ServiceError")
        breaker = await c.new("CircuitBreaker", "orders", **settings, **more)
        bench = cls(c, breaker, backend, error, *settings.values())
        await c.watch(breaker, "state", "failures", "successes")
        c.at(0).emit("world.ready", clients=1, **settings)
        backend.answers(bench.on_call).takes(lambda call: bench.plan(call).takes)
        backend.on_end = bench.on_end
        c.afterwards(bench.notice)
        await c.advance(0.5)
        return bench

    # -- the backend ----------------------------------------------------------------------------------

    def plan(self, call: Call) -> Plan:
        """What was planned for this call; a call that lost its argument is taken for the latest."""
        number = call.args[0] if call.args and type(call.args[0]) is int else 0
        return self.plans.get(number) or self.plans[max(self.plans)]

    def on_call(self, call: Call) -> Any:
        plan = self.plan(call)
        plan.began = call.at
        number = next(number for number, known in self.plans.items() if known is plan)
        if number in self.sent:
            self.sent[number].n = call.n
        else:
            self.pending_n = call.n
        self.c.at(call.at).emit("call.passed", id=number, probe=self.state != "closed")
        return plan.answer

    def on_end(self, call: Call, finished: bool) -> None:
        plan = self.plan(call)
        number = next(number for number, known in self.plans.items() if known is plan)
        now = self.c.now
        moment = self.c.at(max(call.at, now - HOP))
        ms = round((now - call.at) * 1000)
        if not finished:
            moment.emit("call.failed", id=number, ms=ms, error="CancelledError")
        elif isinstance(plan.answer, Raise):
            moment.emit("call.failed", id=number, ms=ms, error=plan.answer.name)
        else:
            moment.emit("call.ok", id=number, ms=ms)

    # -- calls ----------------------------------------------------------------------------------------

    async def begin(self, answer: Any, takes: float | None = TAKES, *, whole: bool = False) -> Sent:
        """Send one call; the backend will give `answer` after `takes` seconds (None: never).

        With `whole` the next thing must be to wait for its end.
        """
        number = len(self.plans) + 1
        self.plans[number] = Plan(answer, takes)
        self.c.at(self.c.now - HOP).emit("call.sent", id=number)
        self.pending_n = 0
        start = self.c.through if whole else self.c.begin
        sent = Sent(number, self.c.now, start(self.breaker, "call", self.backend, number))
        sent.n = self.pending_n
        self.sent[number] = sent
        self.waiting.append(sent)
        self.notice()
        return sent

    async def good(self, takes: float | None = TAKES) -> Sent:
        return await self.begin(self.c.random.randrange(1000, 10000), takes)

    async def bad(self, takes: float | None = TAKES) -> Sent:
        return await self.begin(self.failing(), takes)

    def failing(self) -> Raise:
        return Raise(self.service_error.name, ("сервис сломался",))

    async def end(self, sent: Sent) -> Outcome:
        got = await sent.task
        self.notice()
        return got

    async def ok(self) -> Outcome:
        """A call that succeeds, from start to end. Fails the case when it does not."""
        sent = await self.begin(self.c.random.randrange(1000, 10000), whole=True)
        got = await self.end(sent)
        self.c.returned(got, self.plans[sent.id].answer, "Удачный вызов должен вернуть ответ сервиса")
        return got

    async def fail(self, count: int = 1) -> None:
        """So many calls in a row that the service fails. Fails the case when the breaker interferes."""
        for _ in range(count):
            got = await self.end(await self.begin(self.failing(), whole=True))
            self.c.raised(got, self.service_error.name, "Ошибка сервиса должна дойти до вызывающего")

    async def pass_time(self, by: float) -> None:
        await self.c.advance(by)
        self.notice()

    async def trip(self) -> None:
        """Fail until the breaker opens."""
        await self.fail(self.failures)
        self.is_in(
            "open", f"После {times(self.failures, 'ошибки', 'ошибок', 'ошибок')} подряд цепь размыкается"
        )

    async def half_open(self) -> None:
        """Open, and let the timeout pass: the next call is the first probe."""
        await self.trip()
        await self.pass_time(self.timeout + 0.125)

    # -- what is seen -----------------------------------------------------------------------------------

    def notice(self) -> None:
        """Put into the trace what has changed since the last look."""
        c = self.c
        ended = [sent for sent in self.waiting if sent.task.done]
        state, failures, successes = c.watched
        for sent in ended:
            self.waiting.remove(sent)
            got = sent.task.outcome
            assert got is not None
            if got.is_a("CircuitOpen"):
                c.at(got.at).emit("call.rejected", id=sent.id, retry_in=number_of(got.attrs.get("retry_in")))
            waited = round(got.at - sent.at, 3)
            c.at(got.at + HOP).emit("call.done", id=sent.id, ok=got.ok, waited=waited)
        if state != self.state:
            c.emit("breaker.state", before=word(self.state), after=word(state))
            self.state = state
        if ended or (failures, successes) != self.shown:
            self.shown = (failures, successes)
            c.emit(
                "breaker.count",
                failures=number_of(failures),
                successes=number_of(successes),
                in_flight=self.backend.in_flight,
            )

    def is_in(self, state: str, what: str, *, hint: str = "") -> None:
        self.c.equal(self.state, state, what, hint=hint)

    def counts(self, what: str, *, failures: int | None = None, successes: int | None = None) -> None:
        if failures is not None:
            self.c.equal(self.shown[0], failures, what)
        if successes is not None:
            self.c.equal(self.shown[1], successes, what)

    def went(self, sent: Sent, what: str, *, hint: str = "") -> None:
        """The call has reached the service."""
        got: Any = "вызов не дошёл до сервиса и ждёт" if sent.got is None else sent.got
        self.c.check(sent.n > 0, what, expected="вызов дошёл до сервиса", got=got, hint=hint)

    def refused(self, sent: Sent, what: str, retry_in: float | None = None, *, hint: str = "") -> None:
        """The call was refused at once, without touching the service."""
        c, got = self.c, sent.got
        c.check(sent.n == 0, what, expected="сервис не вызывают", got="сервис вызван", hint=hint)
        c.check(got is not None, what, expected="сразу CircuitOpen", got="вызов повис и ждёт", hint=hint)
        assert got is not None
        c.raised(got, "CircuitOpen", what, hint=hint)
        c.close(got.at, sent.at, "Отказ приходит сразу, без ожидания")
        c.equal(got.attrs.get("name"), "orders", "CircuitOpen.name — имя предохранителя")
        if retry_in is not None:
            c.close(got.attrs.get("retry_in"), retry_in, "CircuitOpen.retry_in — сколько секунд осталось")


def number_of(value: Any) -> float:
    return round(value, 3) if type(value) in (int, float) and abs(value) < 1e9 else 0


def word(state: Any) -> str:
    return state[:20] if type(state) is str else "?"


# -- closed -------------------------------------------------------------------------------------------


@case("Замкнутая цепь пропускает вызов и возвращает ответ сервиса", fails="drops_arguments")
async def passes_through(c: Case) -> None:
    b = await Bench.make(c)
    b.is_in("closed", "Новый предохранитель замкнут")
    for _ in range(3):
        before = len(b.backend.calls)
        await b.ok()
        c.equal(len(b.backend.calls) - before, 1, "Один вызов предохранителя — один вызов сервиса")
        c.equal(b.backend.calls[-1].args, [len(b.plans)], "Аргументы вызова доходят до сервиса как есть")
    b.counts("Удачные вызовы не меняют счёт ошибок", failures=0)
    b.is_in("closed", "Удачные вызовы оставляют цепь замкнутой")


@case("Исключение сервиса доходит до вызывающего без изменений", fails="wraps_errors")
async def keeps_the_error(c: Case) -> None:
    b = await Bench.make(c)
    text = f"заказ {c.random.randrange(1000, 10000)} потерян"
    for name in (b.service_error.name, "TimeoutError", "KeyError"):
        sent = await b.begin(Raise(name, (text,)))
        got = await b.end(sent)
        c.raised(got, name, "Исключение должно остаться собой")
        c.equal(got.source, sent.n, "Это должен быть тот же объект исключения, а не похожий на него")
        await b.ok()


@case("Ошибки подряд считаются, успех обнуляет счёт", fails="never_forgets")
async def counts_in_a_row(c: Case) -> None:
    b = await Bench.make(c, least_failures=3)
    for count in range(1, b.failures):
        await b.fail()
        b.counts("Каждая ошибка прибавляет единицу к failures", failures=count)
    b.is_in("closed", "До порога цепь остаётся замкнутой")
    await b.ok()
    b.counts("Успех обнуляет failures", failures=0)
    await b.fail(b.failures - 1)
    b.is_in("closed", "Ошибки до успеха не в счёт: подряд их меньше порога")


@case("На пороге ошибок цепь размыкается, и не раньше", fails="opens_late")
async def opens_at_threshold(c: Case) -> None:
    b = await Bench.make(c)
    await b.fail(b.failures - 1)
    b.is_in("closed", "До порога цепь остаётся замкнутой")
    await b.fail()
    b.is_in("open", f"Порог — {times(b.failures, 'ошибка', 'ошибки', 'ошибок')} подряд: цепь размыкается")


@case("Долгие вызовы идут одновременно, а не друг за другом", fails="holds_the_lock")
async def runs_in_parallel(c: Case) -> None:
    b = await Bench.make(c)
    count = c.random.randint(3, 6)
    slow = [await b.good(3.0) for _ in range(count)]
    hint = "Не держите замок, пока сервис отвечает: решайте, пускать ли вызов, без await."
    c.equal(len(b.backend.calls), count, "Все вызовы должны дойти до сервиса сразу", hint=hint)
    await b.pass_time(3.125)
    for sent in slow:
        c.check(
            sent.got is not None,
            "Все вызовы должны завершиться вместе",
            expected="3 с",
            got="дольше",
            hint=hint,
        )
        assert sent.got is not None
        c.returned(sent.got, b.plans[sent.id].answer, "Каждому — свой ответ")


@case("Исключённая ошибка — ответ живого сервиса: она считается удачей", fails="counts_excluded")
async def excluded_is_success(c: Case) -> None:
    declined = c.exception("CardDeclined")
    b = await Bench.make(c, excluded=(declined,))
    await b.fail(b.failures - 1)
    for _ in range(b.failures + 1):
        sent = await b.begin(Raise(declined.name, ("карта отклонена",)))
        got = await b.end(sent)
        c.raised(got, declined.name, "Исключённая ошибка доходит до вызывающего")
        c.equal(got.source, sent.n, "Это должен быть тот же объект исключения, а не похожий на него")
        b.is_in("closed", "Исключённые ошибки не размыкают цепь")
        b.counts("Исключённая ошибка обнуляет счёт, как удача", failures=0)
    await b.fail(b.failures - 1)
    b.is_in("closed", "Исключённая ошибка прерывает череду обычных")


@case("Исключённая ошибка пробы замыкает цепь, как удача", fails="excluded_probe_ignored")
async def excluded_probe_succeeds(c: Case) -> None:
    declined = c.exception("CardDeclined")
    b = await Bench.make(c, excluded=(declined,))
    await b.half_open()
    for count in range(b.successes):
        sent = await b.begin(Raise(declined.name, ("карта отклонена",)))
        b.went(
            sent,
            "Предыдущая проба завершилась: её место свободно" if count else "Срок вышел: вызов идёт пробой",
        )
        c.raised(await b.end(sent), declined.name, "Исключённая ошибка доходит до вызывающего")
    b.is_in("closed", "Ответивший отказом сервис жив: цепь замыкается")


@case("Отменённый вызов — не ошибка и не удача", fails="counts_cancelled")
async def cancelled_call_is_no_news(c: Case) -> None:
    b = await Bench.make(c)
    await b.fail(b.failures - 1)
    for _ in range(2):
        sent = await b.good(None)
        await b.pass_time(0.25)
        await c.cancel(sent.task)
        b.notice()
        c.check(
            sent.got is not None, "Отмена должна завершить вызов", expected="CancelledError", got="вызов ждёт"
        )
        assert sent.got is not None
        c.raised(sent.got, "CancelledError", "Отмена доходит до вызывающего")
        b.is_in("closed", "Отмена не размыкает цепь")
        b.counts("Отмена не меняет счёт ошибок", failures=b.failures - 1)
    await b.fail()
    b.is_in("open", "Счёт ошибок после отмены продолжается")


# -- open ---------------------------------------------------------------------------------------------


@case("Разомкнутая цепь отказывает сразу и не трогает сервис", fails="waits_when_open")
async def refuses_when_open(c: Case) -> None:
    b = await Bench.make(c)
    await b.trip()
    for _ in range(4):
        b.refused(
            await b.good(), "Разомкнутая цепь отвечает CircuitOpen", hint="Сервису надо дать отдохнуть."
        )
        b.is_in("open", "Отказ не меняет состояния")
        await b.pass_time(0.25)


@case("Отказ говорит, сколько осталось ждать, и срок от отказов не растёт", fails="wrong_countdown")
async def tells_time_left(c: Case) -> None:
    b = await Bench.make(c)
    await b.trip()
    left = b.timeout
    b.refused(await b.good(), "Разомкнутая цепь отвечает CircuitOpen", left)
    while left > 1.5:
        step = c.random.randrange(4, 11) / 8
        await b.pass_time(step)
        left -= step
        b.refused(await b.good(), "Пока срок не вышел, цепь отказывает", left)
    await b.pass_time(left - 0.125)
    b.refused(await b.good(), "За мгновение до срока цепь ещё отказывает", 0.125)


@case("Вызов, заставший срок истёкшим, сам идёт пробой", fails="refuses_first_probe timer_opens_half")
async def probe_goes_through(c: Case) -> None:
    b = await Bench.make(c)
    await b.half_open()
    b.is_in("open", "Таймера нет: пока никто не пришёл, цепь разомкнута")
    sent = await b.good()
    b.went(
        sent, "Первый вызов после срока — это и есть проба", hint="Сменив состояние, не бросайте CircuitOpen."
    )
    b.is_in("half_open", "Пока идёт первая проба, цепь полуоткрыта")
    c.returned(await b.end(sent), b.plans[sent.id].answer, "Удачная проба возвращает ответ сервиса")


@case("Часы можно передать свои", fails="ignores_clock")
async def own_clock(c: Case) -> None:
    clock = c.stub("clock", sync=True).returns(start := float(c.random.randrange(100, 1000)))
    b = await Bench.make(c, clock=clock)
    await b.trip()
    await b.pass_time(b.timeout * 2)
    b.refused(await b.good(), "Переданные часы стоят: срок ещё не вышел", b.timeout)
    clock.returns(start + b.timeout - 1)
    b.refused(await b.good(), "По переданным часам осталась секунда", 1.0)
    clock.returns(start + b.timeout + 0.125)
    b.went(await b.good(), "По переданным часам срок вышел: вызов идёт пробой")


# -- half-open ----------------------------------------------------------------------------------------


@case("Проба всегда одна: пока она в пути, остальным отказ", fails="crowd_of_probes")
async def one_probe_at_a_time(c: Case) -> None:
    b = await Bench.make(c, least_successes=2)
    await b.half_open()
    for _ in range(b.successes):
        probe = await b.good(2.0)
        b.went(probe, "Место для пробы свободно: вызов идёт к сервису")
        for _ in range(c.random.randint(2, 4)):
            await b.pass_time(0.25)
            b.refused(await b.good(), "Пока проба в пути, остальным отказ", 0.0)
        c.returned(await b.end(probe), b.plans[probe.id].answer, "Удачная проба возвращает ответ сервиса")
    c.equal(b.backend.peak, 1, "К сервису ни разу не ушло двух проб сразу")


@case("Неудачная проба размыкает цепь и заводит срок заново", fails="keeps_old_deadline")
async def failed_probe_reopens(c: Case) -> None:
    b = await Bench.make(c)
    await b.half_open()
    for _ in range(2):
        await b.fail()
        b.is_in("open", "Одна неудачная проба размыкает цепь")
        b.refused(await b.good(), "Срок отсчитывается от неудачной пробы", b.timeout)
        half = (b.timeout // 0.25) / 8
        await b.pass_time(half)
        b.refused(await b.good(), "Срок ещё не вышел", b.timeout - half)
        await b.pass_time(b.timeout - half + 0.125)
    b.went(await b.good(), "Новый срок вышел: вызов идёт пробой")


@case("Нужное число удачных проб замыкает цепь", fails="one_success_closes")
async def closes_after_successes(c: Case) -> None:
    b = await Bench.make(c, least_successes=2)
    await b.half_open()
    for count in range(1, b.successes):
        await b.ok()
        b.is_in("half_open", f"Удачных проб пока {count} из {b.successes}")
        b.counts("Удачная проба прибавляет единицу к successes", successes=count)
    await b.ok()
    b.is_in("closed", "Удачных проб достаточно: цепь замыкается")
    b.counts("Счёт ошибок начинается с нуля", failures=0)
    await b.fail(b.failures - 1)
    b.is_in("closed", "После замыкания до размыкания снова целый порог ошибок")


@case("Каждое полуоткрытое состояние считает пробы с нуля", fails="remembers_successes")
async def probes_start_from_zero(c: Case) -> None:
    b = await Bench.make(c, least_successes=2)
    await b.half_open()
    for _ in range(b.successes - 1):
        await b.ok()
    await b.fail()
    b.is_in("open", "Одна неудачная проба размыкает цепь, сколько бы удач ни было до неё")
    await b.pass_time(b.timeout + 0.125)
    await b.ok()
    b.is_in("half_open", "Удачи прошлого полуоткрытого состояния не в счёт")
    b.counts("Удачи прошлого полуоткрытого состояния не в счёт", successes=1)


@case("Отмена пробы освобождает её место", fails="loses_the_slot")
async def cancelled_probe_frees_the_slot(c: Case) -> None:
    b = await Bench.make(c)
    await b.half_open()
    probe = await b.good(None)
    b.went(probe, "Первый вызов после срока — это и есть проба")
    await b.pass_time(0.5)
    await c.cancel(probe.task)
    b.notice()
    b.is_in("half_open", "Отмена пробы — не ошибка и не удача: цепь по-прежнему полуоткрыта")
    b.counts("Отмена пробы — не удача", successes=0)
    hint = "CancelledError — наследник BaseException, а не Exception."
    b.went(await b.good(), "Место отменённой пробы свободно: следующий вызов идёт пробой", hint=hint)


# -- always -------------------------------------------------------------------------------------------


@case("Запоздалая весть не трогает разомкнутую цепь", fails="hears_stale_news")
async def stale_news_when_open(c: Case) -> None:
    b = await Bench.make(c)
    late_failure = await b.bad(b.failures * TAKES + 1.0)
    late_success = await b.good(b.failures * TAKES + 1.5)
    await b.trip()
    await b.pass_time(1.25)
    c.check(late_failure.task.done, "Вызов, начатый до размыкания, завершается своим чередом", got="ждёт")
    b.refused(await b.good(), "Ошибка давнего вызова не продлевает срок", b.timeout - 1.25)
    await b.pass_time(0.5)
    c.check(late_success.task.done, "Вызов, начатый до размыкания, завершается своим чередом", got="ждёт")
    b.is_in("open", "Удача давнего вызова не замыкает цепь")
    b.refused(await b.good(), "Удача давнего вызова не меняет срока", b.timeout - 1.75)


@case("Запоздалая весть не трогает полуоткрытую цепь", fails="hears_stale_news")
async def stale_news_when_half_open(c: Case) -> None:
    b = await Bench.make(c)
    until_probe = b.failures * TAKES + b.timeout + 0.125
    late_success = await b.good(until_probe + 0.5)
    late_failure = await b.bad(until_probe + 1.0)
    await b.half_open()
    probe = await b.good(2.0)
    b.went(probe, "Первый вызов после срока — это и есть проба")
    await b.pass_time(0.625)
    c.check(late_success.task.done, "Вызов, начатый до размыкания, завершается своим чередом", got="ждёт")
    b.is_in("half_open", "Удача давнего вызова — не удачная проба")
    b.counts("Удача давнего вызова — не удачная проба", successes=0)
    b.refused(await b.good(), "Давний вызов не освобождает места пробы", 0.0)
    await b.pass_time(0.5)
    c.check(late_failure.task.done, "Вызов, начатый до размыкания, завершается своим чередом", got="ждёт")
    b.is_in("half_open", "Ошибка давнего вызова не размыкает цепь")
    b.refused(await b.good(), "Давний вызов не освобождает места пробы", 0.0)


@case("Слушатели узнают о каждой смене состояния, по разу и по порядку", fails="forgets_listeners")
async def listeners_hear(c: Case) -> None:
    first, second = c.stub("first", sync=True), c.stub("second", sync=True)
    b = await Bench.make(c, listeners=(first, second))
    await b.ok()
    await b.half_open()
    await b.fail()
    await b.pass_time(b.timeout + 0.125)
    for _ in range(b.successes):
        await b.ok()
    expected = [
        ["orders", "closed", "open"],
        ["orders", "open", "half_open"],
        ["orders", "half_open", "open"],
        ["orders", "open", "half_open"],
        ["orders", "half_open", "closed"],
    ]
    for listener in (first, second):
        heard = [call.args for call in listener.calls]
        c.equal(heard, expected, f"Слушатель {listener.name} слышит (имя, было, стало) о каждой смене")


@case("Сломанный слушатель не срывает вызов и не мешает остальным", fails="trusts_listeners")
async def broken_listener_is_harmless(c: Case) -> None:
    broken = c.stub("broken", sync=True).raises("RuntimeError", "табло сломалось")
    sound = c.stub("sound", sync=True)
    b = await Bench.make(c, listeners=[broken, sound])
    await b.half_open()
    for _ in range(b.successes):
        await b.ok()
    b.is_in("closed", "Сломанный слушатель не мешает цепи замкнуться")
    c.equal(
        [call.args[-1:] for call in sound.calls],
        [["open"], ["half_open"], ["closed"]],
        "Второй слушатель слышит всё",
    )


@case("Нелепые настройки не принимаются", fails="accepts_nonsense")
async def refuses_nonsense(c: Case) -> None:
    good: dict[str, Any] = {"timeout": 5.0, "failure_threshold": 3, "success_threshold": 2}
    await c.new("CircuitBreaker", "orders", **good)
    for name, value in (
        ("timeout", 0.0),
        ("timeout", -float(c.random.randint(1, 9))),
        ("failure_threshold", 0),
        ("failure_threshold", -c.random.randint(1, 9)),
        ("success_threshold", 0),
    ):
        got = await c.call(c.module, "CircuitBreaker", "orders", **{**good, name: value})
        c.raised(got, "ValueError", f"{name}={value} — ошибка в настройках")


# -- a model ------------------------------------------------------------------------------------------


@dataclass
class Model:
    """The rules of the task, once more. `now` is given, never asked."""

    timeout: float
    trip: int
    need: int
    state: str = "closed"
    failures: int = 0
    successes: int = 0
    opened: float = 0.0
    probe: int = 0  # id of the call that probes
    epoch: int = 0
    flights: dict[int, tuple[float, str, int]] = field(default_factory=dict)  # id → end, outcome, epoch

    def admit(self, number: int, now: float, ends: float, outcome: str) -> float | None:
        """None when the call goes through, else the `retry_in` of its refusal."""
        if self.state == "open":
            left = self.opened + self.timeout - now
            if left > 0:
                return left
            self.turn("half_open")
        if self.state == "half_open":
            if self.probe:
                return 0.0
            self.probe = number
        self.flights[number] = (ends, outcome, self.epoch)
        return None

    def run_to(self, now: float) -> None:
        """Let every call end that ends by `now`."""
        for number in sorted(self.flights, key=lambda number: self.flights[number][0]):
            if self.flights[number][0] <= now:
                self.finish(number)

    def finish(self, number: int, cancelled: bool = False) -> None:
        ends, outcome, epoch = self.flights.pop(number)
        if epoch != self.epoch:
            return
        if self.probe == number:
            self.probe = 0
        if cancelled:
            return
        if outcome == "bad":
            self.failures += self.state == "closed"
            if self.state == "half_open" or self.failures >= self.trip:
                self.opened = ends
                self.turn("open")
            return
        self.failures = 0
        if self.state == "half_open":
            self.successes += 1
            if self.successes >= self.need:
                self.turn("closed")

    def turn(self, state: str) -> None:
        self.state, self.probe, self.successes = state, 0, 0
        self.epoch += 1
        if state == "closed":
            self.failures = 0


@case("При любом расписании вызовов и ошибок предохранитель ведёт себя по правилам", seeds=12, limit=6.0)
async def agrees_with_the_rules(c: Case) -> None:
    declined = c.exception("CardDeclined")
    b = await Bench.make(c, least_failures=1, most_failures=3, excluded=(declined,))
    model = Model(b.timeout, b.failures, b.successes)
    answers = {
        "good": c.random.randrange(1000, 10000),
        "bad": Raise(b.service_error.name, ("сбой",)),
        "declined": Raise(declined.name, ("карта отклонена",)),
    }
    sick = True
    for _ in range(8 + 2 * c.size):
        if c.random.random() < 0.2:
            sick = not sick
        choice = c.random.random()
        if choice < 0.1 and model.flights:
            number = c.random.choice(sorted(model.flights))
            model.finish(number, cancelled=True)
            await c.cancel(b.sent[number].task)
            b.notice()
        elif choice < 0.6:
            weights = (1, 8, 1) if sick and model.state == "closed" else (6, 1, 1)
            outcome = c.random.choices(("good", "bad", "declined"), weights)[0]
            number = len(b.plans) + 1
            # An odd fraction of its own, so that no two calls end at one moment, nor at the end of a timeout.
            takes = c.random.choice((1, 2, 4, 12, 40)) / 8 + (2 * (number % 31) + 1) / 512
            left = model.admit(number, c.now, c.now + takes, outcome)
            sent = await b.begin(answers[outcome], takes)
            if left is None:
                b.went(sent, f"Вызов {number} должен пройти: цепь {STATES[model.state]}")
            else:
                b.refused(sent, f"Вызову {number} должны отказать: цепь {STATES[model.state]}", left)
        else:
            step = c.random.choice((1, 2, 4, 8, 16)) / 8
            if model.state == "open" and c.random.random() < 0.7:  # to just past the end of the timeout
                step = (model.opened + model.timeout - c.now) // 0.125 * 0.125 + 0.125
            await b.pass_time(max(step, 0.125))
            model.run_to(c.now)
        moment = f"на {seconds(c.now)}"
        b.is_in(model.state, f"Состояние {moment}")
        if model.state == "closed":
            b.counts(f"Ошибок подряд {moment}", failures=model.failures)
        if model.state == "half_open":
            b.counts(f"Удачных проб {moment}", successes=model.successes)
