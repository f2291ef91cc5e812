"""The client of lesson 5.2: a model, promises, a peer, real connections, the demo."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import tenacity
from hypothesis import given, settings
from hypothesis import strategies as st
from purgatory.domain import model as purgatory

from sandbox.guest.loop import VirtualLoop
from tests.content.lessons import Event, lesson

LESSON = lesson("resilient-client")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
Client, Response = reference.ResilientClient, reference.Response
DeadlineExceeded, CircuitOpen = reference.DeadlineExceeded, reference.CircuitOpen


def play(scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run it in virtual time, which begins at 0."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(scenario())
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def now() -> float:
    return asyncio.get_running_loop().time()


@dataclass(frozen=True)
class Step:
    """What the server does with one attempt: answers a status, raises, or (None) is silent."""

    what: int | type[Exception] | None
    takes: float = 0.125
    retry_after: str = ""


@dataclass
class Attempt:
    at: float
    headers: Mapping[str, str]
    step: Step
    ended: float | None = None
    status: int | None = None
    closed: list[float] = field(default_factory=list)


@dataclass
class Servers:
    """A transport that does as planned: attempts at one address meet its steps in turn, the last for good."""

    plans: dict[str, list[Step]]
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)

    async def send(self, method: str, url: str, headers: Mapping[str, str]) -> Any:
        made, plan = self.attempts.setdefault(url, []), self.plans[url]
        attempt = Attempt(now(), headers, plan[min(len(made), len(plan) - 1)])
        made.append(attempt)
        try:
            await asyncio.sleep(attempt.step.takes if attempt.step.what is not None else 3600)
        finally:
            attempt.ended = now()
        if not isinstance(attempt.step.what, int):
            assert attempt.step.what
            raise attempt.step.what("the network is away")
        attempt.status = attempt.step.what

        async def aclose() -> None:
            attempt.closed.append(now())

        return Response(attempt.status, {"retry-after": attempt.step.retry_after}, aclose, attempt)


Told = tuple[Any, float]  # a status or an exception's type, and when


async def told(call: Coroutine[Any, Any, Any]) -> Told:
    try:
        response = await call
    except Exception as error:
        return type(error), now()
    return response.status, now()


# -- one request: a model ---------------------------------------------------------------------------------

LIMIT, LUCK = 0.75, 0.5
steps = st.builds(
    Step,
    st.sampled_from([200, 404, 429, 500, 503, None, ConnectionError, TimeoutError, ValueError]),
    st.sampled_from([0.125, 0.5, 0.75, 1.0]),
    st.sampled_from(["", "", "1", "30", "Wed, 21 Oct 2026 07:28:00 GMT"]),
)


def model(plan: list[Step], deadline: float, attempts: int) -> tuple[Told, int]:
    """What the caller is told and how many attempts were made, worked out without asyncio."""
    at, made = 0.0, 0
    while True:
        step = plan[min(made, len(plan) - 1)]
        made += 1
        limit = min(LIMIT, deadline - at)
        takes = step.takes if step.what is not None else 3600.0
        if takes >= limit:  # our timer was set first, so it wins a draw
            at += limit
            if limit < LIMIT:
                return (DeadlineExceeded, at), made
            last: Any = TimeoutError
        else:
            at += takes
            last = step.what
            if last is ValueError or (isinstance(last, int) and last < 500 and last != 429):
                return (last, at), made
        pause = LUCK * min(1.0, 0.25 * 2 ** (made - 1))
        if isinstance(last, int) and step.retry_after.isdecimal():
            pause = max(pause, float(step.retry_after))
        if made == attempts or at + pause >= deadline:
            return (last, at), made
        at += pause


@settings(max_examples=400, deadline=None)
@given(
    plan=st.lists(steps, min_size=1, max_size=4),
    deadline=st.integers(1, 40).map(lambda n: n / 8),
    attempts=st.integers(1, 5),
    inherited=st.booleans(),
)
def test_a_request_goes_as_the_model_says(
    plan: list[Step], deadline: float, attempts: int, inherited: bool
) -> None:
    servers = Servers({"http://a/": plan})
    own = 100.0 if inherited else deadline
    client = Client(
        servers.send, deadline=own, attempt_timeout=LIMIT, attempts=attempts, backoff=0.25,
        threshold=1000, chance=lambda: LUCK,
    )  # fmt: skip

    async def scenario() -> Told:
        return await told(client.request("GET", "http://a/", deadline=deadline if inherited else None))

    assert (play(scenario), len(servers.attempts["http://a/"])) == model(plan, deadline, attempts)


# -- many requests: promises ------------------------------------------------------------------------------

requests = st.lists(
    st.tuples(
        st.sampled_from(["GET", "PUT", "POST"]),
        st.sampled_from(["a", "b"]),
        st.lists(steps, min_size=1, max_size=4),
        st.sampled_from([0.0, 0.25, 1.0]),
        st.sampled_from([None, 0.5, 1.5]),
    ),
    max_size=12,
)


@settings(max_examples=200, deadline=None)
@given(requests=requests, threshold=st.integers(1, 5), luck=st.sampled_from([0.0, 0.375, 0.875]))
def test_the_promises_hold_in_any_weather(requests: list[Any], threshold: int, luck: float) -> None:
    plans = {f"http://{host}/{n}": plan for n, (_, host, plan, _, _) in enumerate(requests)}
    servers = Servers(plans)
    client = Client(servers.send, threshold=threshold, pause=1.0, chance=lambda: luck)

    async def one(method: str, url: str, within: float | None) -> None:
        begun, response = now(), None
        budget = client.deadline if within is None else min(client.deadline, within)
        with suppress(OSError, CircuitOpen, ValueError):
            response = await client.request(method, url, deadline=None if within is None else begun + within)
        assert now() <= begun + budget
        made = servers.attempts.get(url, [])
        assert len(made) <= (1 if method == "POST" else client.attempts)
        for attempt in made:
            waited = min(client.attempt_timeout, begun + budget - attempt.at)
            assert attempt.headers[reference.TIME_LEFT] == str(int(waited * 1000))
            if attempt.status is not None:
                mine = response is not None and response.body is attempt
                assert attempt.closed == ([] if mine else [attempt.ended])

    async def scenario() -> None:
        calls = []
        for n, (method, host, _, gap, within) in enumerate(requests):
            calls.append(asyncio.ensure_future(one(method, f"http://{host}/{n}", within)))
            await asyncio.sleep(gap)
        await asyncio.gather(*calls)

    play(scenario)


def test_a_cancelled_probe_frees_its_place() -> None:
    servers = Servers({"http://a/1": [Step(500)], "http://a/2": [Step(None)], "http://a/3": [Step(200)]})
    client = Client(servers.send, attempts=1, threshold=1, pause=1.0)

    async def scenario() -> Told:
        await told(client.request("GET", "http://a/1"))
        await asyncio.sleep(1.0)
        probe = asyncio.ensure_future(client.request("GET", "http://a/2"))
        await asyncio.sleep(0.25)
        assert (await told(client.request("GET", "http://a/3")))[0] is CircuitOpen
        probe.cancel()
        await asyncio.wait([probe])
        return await told(client.request("GET", "http://a/3"))

    assert play(scenario)[0] == 200


@pytest.mark.parametrize("last", [503, ConnectionError])
def test_the_failure_that_opens_the_circuit_is_told_at_once(last: Any) -> None:
    servers = Servers({"http://a/": [Step(last)]})
    client = Client(servers.send, threshold=1, pause=0.0625, chance=lambda: 0.875)
    assert play(lambda: told(client.request("GET", "http://a/"))) == (last, 0.125)
    assert len(servers.attempts["http://a/"]) == 1


# -- beside tenacity and purgatory ------------------------------------------------------------------------


class Failed(Exception):
    """What a breaker must see of an answer 5xx."""


class Peer:
    """tenacity around purgatory around the same transport."""

    def __init__(self, send: Any, threshold: int, pause: float) -> None:
        self.send = send
        self.circuit = purgatory.Context("a", threshold, pause)

    async def once(self, url: str) -> int:
        with self.circuit:
            response = await self.send("GET", url, {})
            if response.status >= 500:
                raise Failed
            return int(response.status)

    async def request(self, url: str) -> Any:
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(3), wait=tenacity.wait_none(), reraise=True,
            retry=tenacity.retry_if_exception_type((Failed, OSError)), sleep=asyncio.sleep,
        )  # fmt: skip
        try:
            return await retrying(self.once, url)
        except (Failed, OSError, purgatory.OpenedState) as error:
            return type(error)


@settings(max_examples=200, deadline=None)
@given(
    weather=st.lists(
        st.tuples(
            st.lists(st.sampled_from([200, 404, 500, 503, ConnectionError]), min_size=3, max_size=3),
            st.sampled_from([0.25, 1.0, 2.5]),
        ),
        max_size=15,
    ),
    threshold=st.integers(1, 6),
)
def test_the_same_attempts_reach_the_server_as_with_tenacity_and_purgatory(
    weather: list[Any], threshold: int
) -> None:
    plans = {f"http://a/{n}": [Step(what, 0.0625) for what in plan] for n, (plan, _) in enumerate(weather)}

    async def scenario(theirs: bool) -> list[Any]:
        servers = Servers(plans)
        # The pause is met exactly by no wait: the two differ in whether the very moment counts.
        ours = Client(servers.send, threshold=threshold, pause=2.03, chance=lambda: 0.0)
        purgatory.time = SimpleNamespace(time=now)  # it asks the wall's clock
        peer, seen = Peer(servers.send, threshold, 2.03), []
        for n, (_, gap) in enumerate(weather):
            url = f"http://a/{n}"
            if theirs:
                got = await peer.request(url)
            else:
                got = (await told(ours.request("GET", url)))[0]
            ok = got if isinstance(got, int) and got < 500 else "failed"
            seen.append((ok, len(servers.attempts.get(url, []))))
            await asyncio.sleep(gap)
        return seen

    kept = purgatory.time
    try:
        assert play(lambda: scenario(False)) == play(lambda: scenario(True))
    finally:
        purgatory.time = kept


# -- real connections -------------------------------------------------------------------------------------


@asynccontextmanager
async def ailing_server() -> AsyncIterator[str]:
    """Answers 500 to /bad and 200 to anything else, over real sockets."""
    open_ones: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            while (await reader.readline()).strip():
                pass
            status = 500 if b"/bad" in head else 200
            writer.write(f"HTTP/1.1 {status} -\r\nContent-Length: 2\r\n\r\nok".encode())
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(serve(reader, writer))
        open_ones.add(task)
        task.add_done_callback(open_ones.discard)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*open_ones)


@pytest.mark.parametrize(("variant", "kept"), [(reference, True), (naive, False)])
async def test_a_small_pool_outlives_many_bad_answers(variant: Any, kept: bool) -> None:
    async with ailing_server() as address:
        limits, timeout = httpx.Limits(max_connections=3), httpx.Timeout(None, pool=0.05)
        async with httpx.AsyncClient(limits=limits, timeout=timeout, trust_env=False) as http:

            async def send(method: str, url: str, headers: Mapping[str, str]) -> Any:
                answer = await http.send(http.build_request(method, url, headers=headers), stream=True)
                return variant.Response(answer.status_code, answer.headers, answer.aclose, answer)

            client = variant.ResilientClient(
                send, deadline=60.0, attempt_timeout=30.0, backoff=0.001, threshold=100
            )

            async def status(path: str) -> int:
                response = await client.request("GET", address + path)
                await response.aclose()
                return int(response.status)

            if kept:
                assert [await status("/bad") for _ in range(4)] == [500] * 4
                assert await status("/good") == 200
            else:
                assert await status("/bad") == 500  # two of its three answers are never closed
                with pytest.raises(httpx.PoolTimeout):
                    await status("/bad")
                with pytest.raises(httpx.PoolTimeout):
                    await status("/good")


# -- the demo ---------------------------------------------------------------------------------------------


def of(events: list[Event], kind: str, **fields: Any) -> list[Event]:
    return [e for e in events if e["kind"] == kind and all(e.get(k) == v for k, v in fields.items())]


def test_the_reference_opens_each_sick_host_and_repeats_no_order() -> None:
    events = LESSON.run("reference")
    opened = {event["host"] for event in of(events, "breaker.state", after="open")}
    assert opened == {"catalog", "prices", "orders"}
    assert not of(events, "order.twice")
    assert not [event for event in of(events, "pool.level") if event["busy"] > 2]
    assert {event["n"] for event in of(events, "try.sent", host="orders")} == {1}


def test_the_naive_client_hammers_a_server_of_500s_until_nobody_can_be_reached() -> None:
    events = LESSON.run("naive")
    assert not of(events, "breaker.state", host="prices", after="open")
    assert of(events, "order.twice")
    full = next(event["t"] for event in of(events, "pool.level") if event["busy"] == event["most"])
    after = [event["how"] for event in of(events, "call.done") if event["t"] > full + 1]
    assert len(after) > 20
    assert set(after) == {"pool"}


def test_each_moment_of_the_text_is_something_that_happened_in_the_recording() -> None:
    told = [
        e["t"]
        for e in LESSON.recording
        if e["kind"] in {"server.mode", "breaker.state", "call.done", "try.sent"}
    ]
    moments = [float(text) for text in re.findall(r"\(moment:([\d.]+)\)", LESSON.text("lesson.md"))]
    assert len(moments) >= 6
    assert [moment for moment in moments if min(abs(moment - t) for t in told) > 0.011] == []


def test_the_figures_of_the_text_are_those_of_the_recording() -> None:
    events = LESSON.recording
    ends = [e["how"] for e in of(events, "try.ended", host="orders") if 5 < e["t"] < 15]
    assert (ends.count("timeout"), len(ends)) == (9, 12)
    third = of(events, "try.sent", host="catalog", n=3)[0]
    assert third["limit"] == pytest.approx(260, abs=5)
    assert of(events, "call.done", id=third["id"])[0]["waited"] == 2.003
    assert len(of(events, "try.ended", how="500")) == 7
