# ruff: noqa: E501 - snippets of code read better whole
"""What `cases.py` is written in: values, stubs, tasks, time and exceptions, across a real jail."""

from __future__ import annotations

import textwrap

import pytest

from tests.sandbox.judge.conftest import Judge, Judged

HEAD = "from sandbox.judge import Case, Raise, Thing, case\n\n\n"


@pytest.fixture
def check(judged: Judge):  # type: ignore[no-untyped-def]
    """`check(solution, body)`: one case of that body; it must pass."""

    def run(solution: str, body: str, *, passes: bool = True) -> Judged:
        cases = (
            HEAD
            + '@case("Случай")\nasync def body(c: Case) -> None:\n'
            + textwrap.indent(textwrap.dedent(body), "    ")
        )
        told = judged(solution, cases)
        assert told.passed is passes, told.told()
        return told

    return run


ECHO = "def echo(*args, **kwargs): return [list(args), kwargs]\ndef kind(value): return type(value).__name__"


def test_plain_values_cross_both_ways_with_their_exact_types(check) -> None:  # type: ignore[no-untyped-def]
    check(
        ECHO,
        """
        values = [None, True, 0, -7, 2**62, 1.5, "ёж\\n\\x00", b"\\xff", [1, [2]], (1, 2), {"a": 1, 2: (3,)}]
        got = await c.call(c.module, "echo", *values, name=values)
        c.equal(got.value, [values, {"name": values}], "Эхо")
        for value in values:
            c.equal((await c.call(c.module, "kind", value)).value, type(value).__name__, "Тип")
        """,
    )


def test_infinity_crosses_and_is_a_number(check) -> None:  # type: ignore[no-untyped-def]
    check(ECHO, 'c.equal((await c.call(c.module, "echo", float("inf"))).value, [[float("inf")], {}], "Эхо")')


def test_true_is_not_one_and_a_tuple_is_not_a_list(check) -> None:  # type: ignore[no-untyped-def]
    check(ECHO, 'c.equal((await c.call(c.module, "echo", True)).value[0], [1], "Эхо")', passes=False)
    check(ECHO, 'c.equal((await c.call(c.module, "echo", (1,))).value[0], [[1]], "Эхо")', passes=False)


def test_an_enum_of_strings_crosses_as_its_string(check) -> None:  # type: ignore[no-untyped-def]
    solution = "from enum import StrEnum\nclass S(StrEnum):\n    A = 'open'\nstate = S.A"
    check(solution, 'c.equal(await c.get(c.module, "state"), "open", "Состояние")')


def test_an_object_stays_inside_and_can_be_used_again(check) -> None:  # type: ignore[no-untyped-def]
    solution = "class Box:\n    def __init__(self, n): self.n = n\n    def bigger(self, other): return self.n > other.n"
    check(
        solution,
        """
        one, two = await c.new("Box", 1), await c.new("Box", 2)
        c.returned(await c.call(two, "bigger", one), True, "Сравнение")
        await c.set(one, "n", 9)
        c.returned(await c.call(two, "bigger", one), False, "Сравнение")
        await c.drop(one)
        """,
    )


def test_an_exception_crosses_as_data_with_its_ancestors_attributes_and_line(check) -> None:  # type: ignore[no-untyped-def]
    solution = """
    class Full(LookupError):
        def __init__(self, left):
            super().__init__("полно")
            self.left = left

        @property
        def twice(self):
            return self.left * 2

    def put():
        raise Full(1.5)
    """
    check(
        solution,
        """
        got = await c.call(c.module, "put")
        c.raised(got, "LookupError", "Предок")
        c.equal([got.error, got.message, got.attrs, got.line], ["Full", "полно", {"left": 1.5, "twice": 3.0}, 12], "Ошибка")
        """,
    )


def test_a_stub_raises_real_classes_and_its_exception_is_known_again(check) -> None:  # type: ignore[no-untyped-def]
    solution = """
    async def keep(f):
        return await f()

    async def wrap(f):
        try:
            await f()
        except Exception as error:
            raise type(error)(*error.args)

    async def catch(f, kind):
        try:
            await f()
        except kind as error:
            return repr(error)
    """
    check(
        solution,
        """
        lost = c.exception("Lost")
        f = c.stub("f").raises(lost, "где-то", 7)
        kept = await c.call(c.module, "keep", f)
        c.equal([kept.error, kept.source], ["Lost", 1], "Та же")
        wrapped = await c.call(c.module, "wrap", f)
        c.equal([wrapped.error, wrapped.source], ["Lost", None], "Другая")
        c.returned(await c.call(c.module, "catch", f, lost), "Lost('где-то', 7)", "Поймана")
        f.raises("TimeoutError")
        c.returned(await c.call(c.module, "catch", f, c.exception("TimeoutError")), "TimeoutError()", "Поймана")
        """,
    )


def test_stubs_answer_by_turns_and_count_calls_in_flight(check) -> None:  # type: ignore[no-untyped-def]
    solution = "import asyncio\nasync def both(f): return await asyncio.gather(f('a'), f('b', k=1))"
    check(
        solution,
        """
        f = c.stub("f").answers(lambda call: [call.args, call.kwargs]).takes(lambda call: 1.0 if call.args == ["a"] else 2.0)
        task = c.begin(c.module, "both", f)
        c.equal(f.in_flight, 2, "В полёте")
        await c.advance(1.5)
        c.equal([f.in_flight, f.peak, task.done], [1, 2, False], "В полёте")
        got = await task
        c.equal(got.value, [[["a"], {}], [["b"], {"k": 1}]], "Ответы")
        c.equal([got.at, c.now], [2.0, 2.0], "Время")
        """,
    )


def test_a_synchronous_stub_is_a_plain_function(check) -> None:  # type: ignore[no-untyped-def]
    check(
        "def ask(f): return f(1) + 1",
        'c.returned(await c.call(c.module, "ask", c.stub("f", sync=True).returns(41)), 42, "Ответ")',
    )


def test_virtual_time_shows_on_every_clock_and_stands_still_between_requests(check) -> None:  # type: ignore[no-untyped-def]
    solution = """
    import asyncio, time

    def clocks():
        return [asyncio.get_running_loop().time(), time.monotonic(), time.time(), time.perf_counter()]

    async def nap(seconds):
        before = clocks()
        await asyncio.sleep(seconds)
        return [round(b - a, 6) for a, b in zip(before, clocks())]
    """
    check(
        solution,
        """
        c.returned(await c.call(c.module, "nap", 2.5), [2.5] * 4, "Прошло")
        before = (await c.call(c.module, "clocks")).value
        c.returned(await c.call(c.module, "clocks"), before, "Стоит")
        await c.advance(1000.125)
        after = (await c.call(c.module, "clocks")).value
        c.equal([round(b - a, 6) for a, b in zip(before, after)], [1000.125] * 4, "Прошло")
        """,
    )


def test_a_cancelled_call_ends_with_cancelled_error(check) -> None:  # type: ignore[no-untyped-def]
    check(
        "async def wait(f): return await f()",
        """
        f = c.stub("f").takes(None)
        task = c.begin(c.module, "wait", f)
        await c.advance(1)
        await c.cancel(task)
        c.raised(task.outcome, "CancelledError", "Отмена")
        c.equal(f.in_flight, 0, "В полёте")
        """,
    )


def test_watched_attributes_come_with_every_answer(check) -> None:  # type: ignore[no-untyped-def]
    solution = "class Box:\n    n = 0\n    def add(self): self.n += 1\n    @property\n    def bad(self): raise KeyError(self.n)"
    check(
        solution,
        """
        box = await c.new("Box")
        await c.watch(box, "n", "bad")
        await c.call(box, "add")
        c.equal(c.watched[0], 1, "n")
        c.check(isinstance(c.watched[1], Thing) and c.watched[1].type == "KeyError", "bad")
        """,
    )


def test_threads_of_the_learner_may_take_real_time(check) -> None:  # type: ignore[no-untyped-def]
    solution = "import asyncio\nasync def work(): return await asyncio.to_thread(sum, range(10**6))"
    check(solution, 'c.returned(await c.call(c.module, "work"), 499999500000, "Сумма")')


FETCH = "async def fetch(backend, n):\n    return await backend(n)\ndef add(n):\n    return n + 1"


def test_a_call_that_is_gone_through_is_seen_begun_and_ended(check) -> None:  # type: ignore[no-untyped-def]
    check(
        FETCH,
        """
        backend = c.stub("backend").returns(5).takes(2.0)
        task = c.through(c.module, "fetch", backend, 1)
        c.check(not task.done and c.now == 0 and backend.in_flight == 1, "Начат")
        got = await task
        c.check(got.value == 5 and c.now == 2.0 and backend.in_flight == 0, "Окончен")
        done = c.through(c.module, "add", 1)
        c.check(done.done, "Сразу")
        c.equal((await done).value, 2, "Ответ")
        c.equal((await c.call(c.module, "add", 2)).value, 3, "После")
        """,
    )


def test_a_case_that_asks_before_it_awaits_what_it_goes_through_is_told_so(check) -> None:  # type: ignore[no-untyped-def]
    told = check(
        FETCH,
        """
        task = c.through(c.module, "fetch", c.stub("backend").takes(2.0), 1)
        await c.advance(1.0)
        """,
        passes=False,
    )
    (failed,) = told.all("case.failed")
    assert failed["ours"] is True
    assert "asked ahead" in failed["got"]


def test_a_thread_and_a_signal_wake_the_loop(check) -> None:  # type: ignore[no-untyped-def]
    solution = """
        import asyncio, os, signal, threading
        async def by_thread():
            loop, heard = asyncio.get_running_loop(), asyncio.Event()
            await asyncio.to_thread(lambda: loop.call_soon_threadsafe(heard.set))
            await heard.wait()
            return "woken"
        async def by_signal():
            loop, heard = asyncio.get_running_loop(), asyncio.Event()
            loop.add_signal_handler(signal.SIGUSR2, heard.set)
            os.kill(os.getpid(), signal.SIGUSR2)
            for _ in range(100):
                await asyncio.sleep(0)
            return heard.is_set()
        """
    check(
        textwrap.dedent(solution),
        """
        c.equal((await c.call(c.module, "by_thread")).value, "woken", "Нить")
        c.equal((await c.call(c.module, "by_signal")).value, True, "Сигнал")
        """,
    )


def test_a_case_that_fails_at_once_runs_on_for_its_picture_alone(check) -> None:  # type: ignore[no-untyped-def]
    body = """
        backend = c.stub("backend").takes(0.4)
        backend.on_end = lambda call, finished: c.emit("call.ok", id=call.n)
        c.afterwards(lambda: c.emit("seen"))
        c.begin(c.module, "fetch", backend, 1)
        {wait}
        c.check(False, "Не так")
        """
    early = check(FETCH, body.format(wait=""), passes=False)
    assert [event["event_kind"] for event in early.all("case.trace")] == ["seen", "call.ok", *["seen"] * 3]
    assert (early.all("case.failed")[0]["at"], early.all("case.failed")[0]["message"]) == (0.0, "Не так")
    late = check(FETCH, body.format(wait="await c.advance(3.0)"), passes=False)
    assert [event["event_kind"] for event in late.all("case.trace")] == ["call.ok"]


def test_what_happens_after_a_failure_changes_nothing_of_it(check) -> None:  # type: ignore[no-untyped-def]
    solution = (
        FETCH
        + """
import asyncio
async def trap():
    await asyncio.sleep(0.1)
    while True:
        pass
"""
    )
    body = """
        c.afterwards(lambda: None)
        c.begin(c.module, "trap")
        c.check(False, "Не так")
        """
    told = check(solution, body, passes=False)
    assert told.all("case.failed")[0]["message"] == "Не так"
