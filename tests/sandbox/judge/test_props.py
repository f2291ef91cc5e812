"""Cases with real parts: a second jail that answers the judge, and never the learner's world."""

from __future__ import annotations

import contextlib
import textwrap
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sandbox import judge
from sandbox.jail import Jail
from sandbox.jobs import JudgeJob
from sandbox.judge import props as parts
from sandbox.pool import Pool
from tests.sandbox.judge.conftest import Judged

HEAD = "import asyncio\nfrom sandbox.judge import Case, case\n"
COUNTER = """
    COUNT = 0
    def up(by=1):
        global COUNT
        COUNT += by
        return COUNT
"""
ECHO = "async def through(send, text):\n    return await send(text)\n"

WithProps = Callable[..., Judged]


class Door:
    """`take_jail` that remembers what it gave."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.given: list[Jail] = []

    @contextlib.contextmanager
    def take(self) -> Iterator[Jail]:
        with self.pool.take() as jail:
            self.given.append(jail)
            yield jail


@pytest.fixture
def door(pool: Pool) -> Door:
    return Door(pool)


@pytest.fixture
def judged_with(door: Door) -> WithProps:
    def run(props: str, cases: str, solution: str = ECHO) -> Judged:
        log: list[dict[str, Any]] = []
        job = JudgeJob(
            "r" * 22,
            {"solution.py": solution},
            HEAD + textwrap.dedent(cases),
            1,
            props=textwrap.dedent(props),
        )
        return Judged(judge.run(job, door.take, log.append), log)

    return run


def test_a_stub_is_answered_by_a_real_server(judged_with: WithProps) -> None:
    told = judged_with(
        """
        import asyncio
        import redis.asyncio as redis

        async def start():
            await asyncio.create_subprocess_exec(
                "valkey-server", "--port", "7001", "--save", "", stdout=asyncio.subprocess.DEVNULL
            )
            while True:
                try:
                    await redis.Redis(port=7001).ping()
                    return "started"
                except redis.ConnectionError:
                    await asyncio.sleep(0.02)

        async def command(*words):
            return await redis.Redis(port=7001, decode_responses=True).execute_command(*words)
        """,
        """
        @case("Пишет и читает")
        async def writes(c: Case) -> None:
            props = await c.props()
            c.equal(await props.call("start"), "started", "сервер")
            async def send(call):
                return await props.call("command", *call.args)
            node = c.stub("node").answers(send)
            store = await c.new("Store", node)
            await c.call(store, "put", "имя", "Алиса")
            c.returned(await c.call(store, "take", "имя"), "Алиса", "прочитанное")
            c.equal(await props.call("command", "GET", "имя"), "Алиса", "в самом Valkey")
        """,
        """class Store:
    def __init__(self, send):
        self.send = send
    async def put(self, key, value):
        return await self.send("SET", key, value)
    async def take(self, key):
        return await self.send("GET", key)
""",
    )
    assert told.passed, told.log


def test_the_parts_go_on_from_case_to_case_unless_fresh_ones_are_asked_for(
    judged_with: WithProps, door: Door
) -> None:
    told = judged_with(
        COUNTER,
        """
        @case("Первый")
        async def first(c: Case) -> None:
            props = await c.props()
            c.equal([await props.call("up"), await props.call("up", by=5)], [1, 6], "счёт")

        @case("Второй")
        async def second(c: Case) -> None:
            c.equal(await (await c.props()).call("up"), 7, "счёт продолжается")

        @case("Третий")
        async def third(c: Case) -> None:
            c.equal(await (await c.props(fresh=True)).call("up"), 1, "счёт сначала")
            c.equal(await (await c.props()).call("up"), 2, "те же части")
        """,
    )
    assert told.passed, told.log
    assert len(door.given) == 3  # the solution's, the parts', the fresh parts'


def test_a_judging_that_asks_for_no_parts_takes_no_jail_for_them(judged_with: WithProps, door: Door) -> None:
    cases = """
        @case("Без частей")
        async def plain(c: Case) -> None:
            send = c.stub("send").returns("да")
            c.returned(await c.call(c.module, "through", send, "?"), "да", "ответ")
        """
    assert judged_with(COUNTER, cases).passed
    assert len(door.given) == 1


def test_the_parts_die_with_the_judging(judged_with: WithProps, door: Door) -> None:
    cases = """
        @case("С частями")
        async def used(c: Case) -> None:
            c.equal(await (await c.props()).call("up"), 1, "счёт")
        """
    assert judged_with(COUNTER, cases).passed
    assert len(door.given) == 2
    assert not any(jail.alive() for jail in door.given)


def test_plain_data_goes_both_ways(judged_with: WithProps) -> None:
    cases = """
        @case("Туда и обратно")
        async def there(c: Case) -> None:
            props = await c.props()
            value = [None, True, 1, 2.5, "ё", b"\\\\x00", (1, [2]), {"k": {1: float("inf")}}]
            c.equal(await props.call("same", value), value, "то же самое")
        """
    told = judged_with("async def same(value):\n    return value", cases)
    assert told.passed, told.log


def test_the_learners_world_does_not_see_the_parts(judged_with: WithProps) -> None:
    told = judged_with(
        """
        import asyncio
        async def listen():
            server = await asyncio.start_server(lambda r, w: w.close(), "127.0.0.1", 7001)
            reader, _ = await asyncio.open_connection("127.0.0.1", 7001)
            return await reader.read()
        """,
        """
        @case("Не достать")
        async def far(c: Case) -> None:
            c.equal(await (await c.props()).call("listen"), b"", "сервер слушает")
            c.raised(await c.call(c.module, "connect"), "ConnectionRefusedError", "соединение")
        """,
        "import socket\n\ndef connect():\n    socket.create_connection(('127.0.0.1', 7001), 1)\n",
    )
    assert told.passed, told.log


def test_time_that_the_parts_take_is_not_the_solutions(judged_with: WithProps) -> None:
    begun = time.monotonic()
    told = judged_with(
        "import asyncio\nasync def slow():\n    await asyncio.sleep(2)\n    return 'да'",
        """
        @case("Долгие части", limit=0.5)
        async def slow(c: Case) -> None:
            props = await c.props()
            async def send(call):
                return await props.call("slow")
            stub = c.stub("send").answers(send)
            c.returned(await c.call(c.module, "through", stub, "?"), "да", "ответ")
        """,
    )
    assert told.passed, told.log
    assert time.monotonic() - begun > 2  # more wall time than three such limits


BROKEN = {
    "raises": "def act():\n    raise RuntimeError('SECRET')",
    "has no such function": "def other(): ...",
    "does not import": "import nothing_like_it",
    "dies": "import os\ndef act():\n    os._exit(0)",
    "hangs": "import asyncio\nasync def act():\n    await asyncio.sleep(60)",
    "hangs without giving way": "def act():\n    while True: pass",
    "answers too much": "def act():\n    return ['x' * 19000] * 5",
    "eats memory": "def act():\n    return len(bytearray(512 * 1024 * 1024))",
}


@pytest.mark.parametrize("props", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("through_a_stub", [False, True])
def test_a_failure_of_the_parts_is_ours_and_the_judging_goes_on(
    judged_with: WithProps, monkeypatch: pytest.MonkeyPatch, props: str, through_a_stub: bool
) -> None:
    monkeypatch.setattr(parts, "CALL", 1.0)
    act = (
        """
            async def send(call):
                return await (await c.props()).call("act")
            await c.call(c.module, "through", c.stub("send").answers(send), "?")
        """
        if through_a_stub
        else """
            await (await c.props()).call("act")
        """
    )
    told = judged_with(
        props,
        f"""
        @case("С частями")
        async def used(c: Case) -> None:{act}

        @case("Без частей")
        async def plain(c: Case) -> None:
            send = c.stub("send").returns("да")
            c.returned(await c.call(c.module, "through", send, "?"), "да", "ответ")
        """,
    )
    (failed,) = told.all("case.failed")
    assert failed["ours"] is True
    assert "наша ошибка" in failed["message"]
    assert "SECRET" not in repr(told.log)
    assert (told.verdict["passed"], told.verdict["ok"]) == (1, False)


def test_parts_that_have_failed_are_there_again_for_the_next_case(judged_with: WithProps) -> None:
    told = judged_with(
        "import os\ndef up():\n    return 1\ndef die():\n    os._exit(1)",
        """
        @case("Ломает")
        async def breaks(c: Case) -> None:
            await (await c.props()).call("die")

        @case("Не замечает")
        async def works(c: Case) -> None:
            c.equal(await (await c.props()).call("up"), 1, "счёт")
        """,
    )
    assert [event["n"] for event in told.all("case.failed")] == [1]
    assert told.verdict["passed"] == 1


def test_cases_that_ask_for_parts_an_exercise_does_not_have_are_our_fault(judged_with: WithProps) -> None:
    told = judged_with(
        "",
        """
        @case("С частями")
        async def used(c: Case) -> None:
            await c.props()
        """,
    )
    assert told.all("case.failed")[0]["ours"] is True


def test_an_object_that_the_solution_hands_to_the_real_parts_fails_its_case_alone(
    judged_with: WithProps,
) -> None:
    cases = """
        async def asked(c: Case, name: str):
            props = await c.props()
            async def answer(call):
                return await props.call("up", *call.args)
            return await c.call(c.module, name, c.stub("up").answers(answer))

        @case("Объект")
        async def thing(c: Case) -> None:
            await asked(c, "thing")

        @case("Число")
        async def number(c: Case) -> None:
            c.returned(await asked(c, "number"), 2, "счёт")
        """
    solution = """
async def thing(up):
    return await up(object())


async def number(up):
    return await up(2)
"""
    told = judged_with(COUNTER, cases, solution)
    assert told.failed_titles() == {"Объект"}
    assert told.failure["message"] == "сервису передали не данные"
    assert "ours" not in told.failure
