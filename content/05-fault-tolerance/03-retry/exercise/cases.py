"""Hidden cases for the retries and their budget. Shapes are fixed, numbers are random; virtual seconds.

Moments lie on a grid of 1/8 s, so that sums of floats stay exact. The traces are in the events of the
lesson's demo: every attempt is a bar on its scene.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sandbox.judge import Call, Case, Outcome, Raise, Stub, Task, case

ERROR = "ConnectionResetError"  # a heir of ConnectionError: worth another attempt
SOON = 0.125  # seconds: the first pause unless a case wants another


@dataclass
class Bench:
    """A policy of the learner's, the service it calls, its budget, and the trace of all."""

    c: Case
    service: Stub
    policy: Any = None
    budget: Any = None
    plans: dict[int, list[Any]] = field(
        default_factory=dict
    )  # call → answers of its attempts, the last one stays
    attempts: dict[int, list[Call]] = field(default_factory=dict)

    @classmethod
    async def make(
        cls, c: Case, *, purse: tuple[float, float] | None = None, takes: Any = 0.0, **settings: Any
    ) -> Bench:
        """`purse`: capacity and ratio of a budget; `settings` of the policy over the usual ones."""
        bench = cls(c, c.stub("service"))
        bench.service.answers(bench.answer).takes(takes)
        if purse is not None:
            bench.budget = await c.new("RetryBudget", *purse)
            await c.watch(bench.budget, "tokens")
            c.emit("budget.tokens", tokens=purse[0])
            settings["budget"] = bench.budget
        bench.policy = await bench.another(**settings)
        return bench

    async def another(self, **settings: Any) -> Any:
        """One more policy: three retries, pauses of 1/8, 1/4, 1/2 s unless told otherwise."""
        usual = {
            "max_retries": 3,
            "initial_delay": SOON,
            "max_delay": 8.0,
            "multiplier": 2.0,
            "jitter": "none",
        }
        settings = usual | settings
        five = [settings.pop(name) for name in usual]
        return await self.c.new("RetryPolicy", *five, **settings)

    def answer(self, call: Call) -> Any:
        """What was planned for this attempt. A call that lost its argument is taken for the latest."""
        number = call.args[0] if call.args and call.args[0] in self.plans else max(self.plans)
        made = self.attempts.setdefault(number, [])
        made.append(call)
        plan = self.plans[number]
        given = plan[min(len(made), len(plan)) - 1]
        error = given.name if isinstance(given, Raise) else ""
        self.c.at(call.at).emit("call.attempt", call=number, n=len(made), error=error)
        return given

    def begin(self, *answers: Any, policy: Any = None) -> Task:
        """Start a call whose attempts get `answers`, the last of them for ever."""
        number = len(self.plans) + 1
        self.plans[number] = list(answers)
        return self.c.begin(policy or self.policy, "retry", self.service, number)

    async def call(self, *answers: Any, policy: Any = None) -> Outcome:
        got = await self.begin(*answers, policy=policy)
        self.purse()
        return got

    async def good(self) -> Outcome:
        return await self.call(self.c.random.randrange(1000, 10000))

    def bad(self, name: str = ERROR) -> Raise:
        return Raise(name, ("связь оборвалась",))

    def made(self, number: int) -> list[float]:
        """Moments of the call's attempts."""
        return [call.at for call in self.attempts.get(number, [])]

    def purse(self) -> Any:
        """The tokens now; into the trace."""
        tokens = self.c.watched[0] if self.c.watched else None
        if isinstance(tokens, int | float):
            self.c.emit("budget.tokens", tokens=round(tokens, 3))
        return tokens

    def holds(self, tokens: float, what: str, *, hint: str = "") -> None:
        self.c.close(self.purse(), tokens, what, within=1e-4, hint=hint)

    def tried(self, count: int, what: str, *, hint: str = "") -> None:
        self.c.equal(len(self.made(len(self.plans))), count, what, hint=hint)

    def gaps(self, expected: list[float], what: str, *, hint: str = "") -> None:
        """The pauses between attempts of the last call (whose attempts take no time)."""
        times = self.made(len(self.plans))
        got = [round(after - before, 6) for before, after in pairwise(times)]
        self.c.equal(got, [round(gap, 6) for gap in expected], what, hint=hint)


@case("Удача с первой попытки отдаётся сразу, аргументы доходят", fails="drops_arguments")
async def succeeds_at_once(c: Case) -> None:
    b = await Bench.make(c)
    value = c.random.randrange(1000, 10000)
    got = await b.call(value)
    c.returned(got, value, "Результат вызова уходит вызывающему")
    b.tried(1, "Удачному вызову повторы не нужны: попыток")
    c.equal(b.service.calls[-1].args, [len(b.plans)], "Аргументы доходят до вызываемого как есть")
    c.close(got.at, 0.0, "Первая попытка — без паузы")


@case("Повторяют только то, что стоит повторять", fails="retries_everything")
async def retries_what_is_worth(c: Case) -> None:
    b = await Bench.make(c)
    got = await b.call(b.bad(), b.bad("TimeoutError"), 7)
    c.returned(got, 7, "Две временные ошибки и удача — это удача")
    b.tried(3, "Попыток при двух временных ошибках")
    for name in ("ValueError", "KeyError", c.exception("CardDeclined").name):
        got = await b.call(b.bad(name), 7)
        c.raised(got, name, "Ошибка не из retryable сразу уходит вызывающему")
        b.tried(1, f"{name} повторять бесполезно: попыток")


@case("Повторов не больше max_retries", fails="counts_attempts")
async def stops_in_time(c: Case) -> None:
    for most in (0, c.random.randint(1, 5)):
        b = await Bench.make(c, max_retries=most)
        got = await b.call(b.bad())
        c.raised(got, ERROR, "Когда повторы кончились, вызывающий получает исключение")
        b.tried(most + 1, f"max_retries={most} — это повторы, а попыток на одну больше: попыток")


@case("Вызывающий получает последнее исключение, тот же самый объект", fails="wraps_errors")
async def keeps_the_error(c: Case) -> None:
    b = await Bench.make(c, max_retries=2)
    got = await b.call(b.bad(), b.bad("TimeoutError"), b.bad("BrokenPipeError"))
    c.raised(got, "BrokenPipeError", "Исключение должно быть от последней попытки")
    c.equal(got.source, b.service.calls[-1].n, "Это должен быть тот же объект исключения, а не обёртка")


@case("Паузы растут в multiplier раз и упираются в max_delay", fails="forgets_the_cap")
async def pauses_grow(c: Case) -> None:
    first, factor = c.random.choice([0.125, 0.25, 0.5]), c.random.choice([2.0, 4.0])
    most = first * c.random.choice([4, 6])
    b = await Bench.make(c, max_retries=5, initial_delay=first, max_delay=most, multiplier=factor)
    await b.call(b.bad())
    b.gaps([min(most, first * factor**k) for k in range(5)], "паузы между попытками")


@case("Полный джиттер: от нуля до потолка, каждый раз заново", fails="shakes_a_tenth")
async def full_jitter(c: Case) -> None:
    draws = [c.random.randrange(0, 8) / 8 for _ in range(4)]
    dice = c.stub("random", sync=True)
    dice.answers(lambda call: draws[min(len(dice.calls), 4) - 1])
    b = await Bench.make(c, max_retries=4, initial_delay=1.0, jitter="full", random=dice)
    await b.call(b.bad())
    expected = [draw * ceiling for draw, ceiling in zip(draws, (1.0, 2.0, 4.0, 8.0), strict=True)]
    b.gaps(expected, f"паузы при random() = {draws}", hint="Пауза — это random(), умноженное на потолок.")


@case("Пятисотый повтор не ломает счёт паузы", fails="overflows", limit=6.0)
async def far_away(c: Case) -> None:
    b = await Bench.make(c, max_retries=520, multiplier=4.0, max_delay=0.25)
    got = await b.call(b.bad())
    c.raised(got, ERROR, "И после пятисот повторов исключение должно быть от сервиса")
    b.tried(521, "Попыток при max_retries=520", hint="4.0 ** 512 в float не помещается.")


@case("Вызовы не ждут друг друга", fails="holds_the_lock")
async def side_by_side(c: Case) -> None:
    b = await Bench.make(c, takes=2.0)
    tasks = [b.begin(number) for number in range(3)]
    c.equal(len(b.service.calls), 3, "Все три вызова должны начаться сразу: начато")
    for number, task in enumerate(tasks):
        c.returned(await task, number, "Каждому — свой ответ")
    c.close(c.now, 2.0, "Вместе они занимают столько же, сколько один")


@case("Повтор стоит жетон; без жетона отказ сразу, без паузы", fails="waits_when_broke")
async def pays_for_retries(c: Case) -> None:
    capacity = c.random.randint(2, 4)
    b = await Bench.make(c, purse=(capacity, 0.25), max_retries=capacity + 3)
    b.holds(capacity, "Новый бюджет полон: tokens")
    await b.call(b.bad())
    b.tried(capacity + 1, f"Бюджета в {capacity} жетона хватает на столько же повторов: попыток")
    b.holds(0, "Всё потрачено: tokens")
    began = c.now
    got = await b.call(b.bad())
    c.raised(got, ERROR, "Платить нечем — исключение уходит вызывающему")
    b.tried(1, "Платить нечем: попыток")
    c.close(got.at, began, "Отказ приходит без паузы")


@case("Первая попытка бесплатна и при пустом бюджете", fails="charges_first_attempt")
async def first_is_free(c: Case) -> None:
    b = await Bench.make(c, purse=(2, 0), max_retries=2)
    await b.call(b.bad())
    b.holds(0, "Два повтора — два жетона: tokens")
    got = await b.good()
    c.check(got.ok, "Пустой бюджет не запрещает первую попытку", expected="результат", got=got)
    b.holds(0, "При ratio=0 удача ничего не возвращает: tokens")


@case("Жетоны возвращает удача, и только она", fails="deposits_on_failure")
async def only_success_pays_back(c: Case) -> None:
    b = await Bench.make(c, purse=(3, 0.25), max_retries=1)
    for number in range(1, 4):
        await b.call(b.bad())
        b.holds(3 - number, "Неудачный вызов с одним повтором стоит жетона: tokens")
    await b.call(b.bad("ValueError"))
    b.holds(0, "Ошибка, которую не повторяют, — тоже не удача: tokens")
    for number in range(1, 5):
        await b.good()
        b.holds(number * 0.25, "Каждая удача возвращает ratio: tokens")


@case("Больше capacity не накопить", fails="saves_without_limit")
async def never_above_capacity(c: Case) -> None:
    b = await Bench.make(c, purse=(2, 0.5), max_retries=1)
    for _ in range(3):
        await b.good()
        b.holds(2, "Полный бюджет не растёт: tokens")
    await b.call(b.bad(), 1)
    b.holds(1.5, "Повтор взял жетон, удача вернула половину: tokens")


@case("Платят только за повтор, который будет", fails="pays_for_nothing")
async def pays_for_real_retries(c: Case) -> None:
    b = await Bench.make(c, purse=(5, 0), max_retries=1)
    await b.call(b.bad("ValueError"))
    b.holds(5, "ValueError не повторяют, платить не за что: tokens")
    await b.call(b.bad())
    b.holds(4, "Повтор был один, второго max_retries не даёт: tokens")
    hurried = await b.another(initial_delay=1.0, budget=b.budget, deadline=0.5)
    await b.call(b.bad(), policy=hurried)
    b.tried(1, "Пауза не успевает к сроку: попыток")
    b.holds(4, "За повтор, не успевающий к сроку, не платят: tokens")


@case("Десять раз по 0,1 — ровно жетон", fails="drifts")
async def counts_exactly(c: Case) -> None:
    b = await Bench.make(c, purse=(1, 0.1), max_retries=1)
    await b.call(b.bad())
    for _ in range(10):
        await b.good()
    b.holds(1, "Десять удач при ratio=0.1: tokens")
    await b.call(b.bad())
    b.tried(
        2,
        "Десять удач вернули жетон, его хватает на повтор: попыток",
        hint="0.1, сложенное десять раз, меньше 1.",
    )


@case("Один бюджет на всех: одновременные вызовы не тратят больше, чем есть", fails="pays_after_the_pause")
async def shared_by_all(c: Case) -> None:
    b = await Bench.make(c, purse=(3, 0), max_retries=1, initial_delay=1.0)
    other = await b.another(max_retries=1, initial_delay=1.0, budget=b.budget)
    tasks = [b.begin(b.bad(), policy=b.policy if number % 2 else other) for number in range(8)]
    for task in tasks:
        c.raised(await task, ERROR, "Все вызовы кончаются ошибкой сервиса")
    again = sum(len(b.made(number)) - 1 for number in range(1, 9))
    c.equal(
        again,
        3,
        "Восемь вызовов разом, жетонов три: повторов",
        hint="Между проверкой и платой не должно быть await.",
    )
    b.holds(0, "Жетонов не бывает меньше нуля: tokens")


@case("Отмена проходит насквозь: и из попытки, и из паузы", fails="swallows_cancellation")
async def cancellation(c: Case) -> None:
    b = await Bench.make(
        c, purse=(5, 0), initial_delay=1.0, takes=lambda call: 4.0 if call.args[:1] == [1] else 0.0
    )
    asking = b.begin(7)
    await c.advance(1.0)
    await c.cancel(asking)
    c.raised(await asking, "CancelledError", "Отменённая попытка — отмена, а не ошибка сервиса")
    b.tried(1, "После отмены нет повторов: попыток")
    b.holds(5, "За отменённую попытку не платят: tokens")
    pausing = b.begin(b.bad())
    await c.advance(0.5)
    await c.cancel(pausing)
    c.raised(await pausing, "CancelledError", "Отмена посреди паузы доходит до вызывающего")
    await c.advance(8.0)
    b.tried(1, "После отмены в паузе нет повторов: попыток")


@case("Пауза, не успевающая к сроку, не начинается", fails="sleeps_past_deadline")
async def deadline_forbids_the_pause(c: Case) -> None:
    b = await Bench.make(c, max_retries=9, initial_delay=1.0, deadline=c.random.choice([3.5, 4.0, 5.0]))
    got = await b.call(b.bad())
    c.raised(got, ERROR, "Не успеваем к сроку — вызывающий получает исключение сервиса")
    b.gaps([1.0, 2.0], "паузы до срока")
    c.close(got.at, 3.0, "Третья пауза, 4 с, не успела бы: исключение приходит сразу, на третьей секунде")


@case("Срок обрывает попытку, которая в пути", fails="waits_for_the_last_one")
async def deadline_cuts_the_attempt(c: Case) -> None:
    limit = c.random.randrange(12, 30) / 8
    b = await Bench.make(c, deadline=limit, takes=60.0)
    got = await b.call(7)
    c.raised(got, "TimeoutError", "Срок застал попытку в пути")
    c.close(got.at, limit, "TimeoutError приходит в миг срока")
    b.tried(1, "После срока повторов нет: попыток")


@case("Бессмысленные настройки — ValueError", fails="accepts_nonsense")
async def refuses_nonsense(c: Case) -> None:
    for numbers in ((-1, 0.1), (1, -0.1)):
        got = await c.call(c.module, "RetryBudget", *numbers)
        c.raised(got, "ValueError", f"RetryBudget{numbers}")
    policies = ((-1, 0.1, 1.0), (3, -0.1, 1.0), (3, 2.0, 1.0), (3, 0.1, 1.0, 0.5), (3, 0.1, 1.0, 2.0, "some"))
    for settings in policies:
        c.raised(await c.call(c.module, "RetryPolicy", *settings), "ValueError", f"RetryPolicy{settings}")
    got = await c.call(c.module, "RetryPolicy", 3, 0.1, 1.0, deadline=0)
    c.raised(got, "ValueError", "RetryPolicy(…, deadline=0)")


@case("Случайный вечер сходится с правилами", seeds=20, fails="deposits_on_failure charges_first_attempt")
async def agrees_with_the_rules(c: Case) -> None:
    capacity, ratio, most = c.random.randint(0, 4), c.random.choice([0.1, 0.125, 0.3]), c.random.randint(0, 3)
    b = await Bench.make(c, purse=(capacity, ratio), max_retries=most)
    left = capacity * 1000
    for _ in range(4 + 2 * c.size):
        failures = c.random.choice([0, 0, 0, 1, 2, 9])
        final = c.random.choice([7, 7, b.bad("ValueError")])
        got = await b.call(*[b.bad()] * failures, final)
        retries = min(failures, most, left // 1000)
        left -= retries * 1000
        ok = retries == failures and final == 7
        left = min(capacity * 1000, left + round(ratio * 1000)) if ok else left
        b.tried(retries + 1, "попыток у последнего вызова")
        c.equal(got.ok, ok, "последний вызов удался")
        b.holds(left / 1000, "tokens после последнего вызова")
