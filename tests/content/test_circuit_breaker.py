"""The breaker of lesson 5.1: its rules, a model beside it, and its run in the demo's world."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Coroutine, Generator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest import rehearsal
from tests.content.lessons import Event, lesson

LESSON = lesson("circuit-breaker")
reference = LESSON.module("reference.py")
CircuitBreaker, CircuitOpen = reference.CircuitBreaker, reference.CircuitOpen

TIMEOUT, FAILURES, SUCCESSES = 5.0, 3, 2


class ServiceFailed(Exception):
    """The service is unwell."""


class CardDeclined(Exception):
    """The service is well and says no."""


@types.coroutine
def _answer() -> Generator[None, BaseException | None, BaseException | None]:
    return (yield)


async def service(*args: object) -> object:
    """Waits until the test says how the call ended."""
    error = await _answer()
    if error is not None:
        raise error
    return args


class World:
    """A breaker, its clock in our hands, and calls driven by hand: no loop, no waiting."""

    def __init__(self, **options: Any) -> None:
        self.now = 100.0
        numbers = {"timeout": TIMEOUT, "failure_threshold": FAILURES, "success_threshold": SUCCESSES}
        self.breaker = CircuitBreaker(
            "payments", **{"excluded": (CardDeclined,), "clock": lambda: self.now, **numbers, **options}
        )

    def begin(self, *args: object) -> Coroutine[Any, Any, Any]:
        """Send a call off to the service. Raises CircuitOpen."""
        call: Coroutine[Any, Any, Any] = self.breaker.call(service, *args)
        call.send(None)
        return call

    def end(self, call: Coroutine[Any, Any, Any], error: BaseException | None = None) -> Any:
        """The service answers. What the caller gets: a result, or an exception's type."""
        deliver = call.throw if isinstance(error, asyncio.CancelledError) else call.send
        try:
            deliver(error)
        except StopIteration as result:
            return result.value
        except BaseException as raised:
            return type(raised)
        raise AssertionError("the call waits for something else")

    def call(self, error: BaseException | None = None) -> Any:
        return self.end(self.begin(), error)

    def trip(self) -> None:
        for _ in range(FAILURES):
            self.call(ServiceFailed())
        assert self.breaker.state == "open"

    def refused(self) -> float:
        with pytest.raises(CircuitOpen) as caught:
            self.begin()
        assert caught.value.name == "payments"
        return caught.value.retry_in


def test_the_caller_gets_the_result_as_it_is() -> None:
    world = World()
    assert world.end(world.begin(1, "a")) == (1, "a")


def test_the_circuit_opens_at_the_threshold_and_not_before() -> None:
    world = World()
    for _ in range(FAILURES - 1):
        world.call(ServiceFailed())
    assert (world.breaker.state, world.breaker.failures) == ("closed", FAILURES - 1)
    world.call(ServiceFailed())
    assert world.breaker.state == "open"


def test_a_success_starts_the_count_of_failures_again() -> None:
    world = World()
    for error in (ServiceFailed(), ServiceFailed(), None, ServiceFailed(), ServiceFailed()):
        world.call(error)
    assert (world.breaker.state, world.breaker.failures) == ("closed", 2)


def test_a_refusal_says_how_long_is_left() -> None:
    world = World()
    world.trip()
    world.now += 1.5
    assert world.refused() == pytest.approx(TIMEOUT - 1.5)


def test_the_call_that_finds_the_time_passed_is_itself_the_probe() -> None:
    world = World()
    world.trip()
    world.now += TIMEOUT
    assert world.breaker.state == "open"
    probe = world.begin()
    assert world.breaker.state == "half_open"
    world.end(probe)
    assert world.breaker.successes == 1


def test_there_is_one_probe_at_a_time() -> None:
    world = World()
    world.trip()
    world.now += TIMEOUT
    probe = world.begin()
    assert world.refused() == 0.0
    world.end(probe)
    world.begin()


def test_enough_good_probes_close_the_circuit() -> None:
    world = World()
    world.trip()
    world.now += TIMEOUT
    for _ in range(SUCCESSES):
        world.call()
    assert (world.breaker.state, world.breaker.failures) == ("closed", 0)


def test_one_bad_probe_opens_it_again_for_the_whole_time() -> None:
    world = World()
    world.trip()
    world.now += TIMEOUT
    world.call()
    world.call(ServiceFailed())
    assert world.breaker.state == "open"
    assert world.refused() == TIMEOUT
    world.now += TIMEOUT
    world.call()
    assert world.breaker.successes == 1


def test_an_excluded_exception_is_an_answer_of_a_live_service() -> None:
    world = World()
    world.call(ServiceFailed())
    assert world.call(CardDeclined()) is CardDeclined
    assert world.breaker.failures == 0
    world.trip()
    world.now += TIMEOUT
    world.call(CardDeclined())
    assert world.breaker.successes == 1


def test_a_cancelled_call_counts_for_nothing_and_frees_the_place() -> None:
    world = World()
    world.call(asyncio.CancelledError())
    assert world.breaker.failures == 0
    world.trip()
    world.now += TIMEOUT
    world.call(asyncio.CancelledError())
    assert (world.breaker.state, world.breaker.successes) == ("half_open", 0)
    world.begin()


@pytest.mark.parametrize("error", [None, ServiceFailed(), CardDeclined(), asyncio.CancelledError()])
def test_stale_news_changes_nothing(error: BaseException | None) -> None:
    world = World()
    late = [world.begin() for _ in range(3)]
    world.trip()
    world.now += 1
    world.end(late[0], error)
    assert world.refused() == TIMEOUT - 1
    world.now += TIMEOUT
    probe = world.begin()
    world.end(late[1], error)
    assert (world.breaker.state, world.breaker.successes) == ("half_open", 0)
    assert world.refused() == 0.0
    world.end(probe)
    world.call()
    world.call(ServiceFailed())
    world.end(late[2], error)
    assert (world.breaker.state, world.breaker.failures) == ("closed", 1)


def test_listeners_hear_every_change_even_after_a_broken_one() -> None:
    heard: list[tuple[str, str, str, str]] = []

    def broken(*_: str) -> None:
        raise RuntimeError("the dashboard is down")

    def good(name: str, before: str, after: str) -> None:
        heard.append((name, before, after, world.breaker.state))

    world = World(listeners=[broken, good])
    world.trip()
    world.now += TIMEOUT
    world.call()
    world.call()
    assert heard == [
        ("payments", "closed", "open", "open"),
        ("payments", "open", "half_open", "half_open"),
        ("payments", "half_open", "closed", "closed"),
    ]


@pytest.mark.parametrize("wrong", [{"timeout": 0}, {"failure_threshold": 0}, {"success_threshold": 0}])
def test_numbers_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        World(**wrong)


async def test_without_a_clock_it_keeps_the_time_of_the_loop() -> None:
    breaker = CircuitBreaker("payments", 3600.0, 1, 1)

    async def fails() -> None:
        raise ServiceFailed

    with pytest.raises(ServiceFailed):
        await breaker.call(fails)
    with pytest.raises(CircuitOpen) as caught:
        await breaker.call(fails)
    assert 0 < caught.value.retry_in <= 3600


async def test_calls_do_not_wait_for_each_other() -> None:
    breaker = CircuitBreaker("payments", 5.0, 3, 2)
    together = asyncio.Barrier(10)

    async def meets() -> None:
        await together.wait()

    await asyncio.gather(*(breaker.call(meets) for _ in range(10)))


class Era:
    """The model: one stretch between two changes of state. A call belongs to the era it set out in."""

    def __init__(self, state: str, since: float) -> None:
        self.state, self.since = state, since
        self.failures = self.successes = 0
        self.probe: object = None


OUTCOMES = {
    "ok": None,
    "failed": ServiceFailed,
    "declined": CardDeclined,
    "cancelled": asyncio.CancelledError,
}
steps = st.lists(
    st.one_of(
        st.just(("begin", 0)),
        st.tuples(st.just("wait"), st.sampled_from([0.25, 1.0, 2.5, 5.0])),
        st.tuples(st.sampled_from(sorted(OUTCOMES)), st.integers(0, 5)),
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(steps=steps, failures=st.integers(1, 4), successes=st.integers(1, 3))
def test_it_agrees_with_a_model_made_of_eras(
    steps: list[tuple[str, Any]], failures: int, successes: int
) -> None:
    world = World(failure_threshold=failures, success_threshold=successes)
    era = Era("closed", world.now)
    calls: list[tuple[Coroutine[Any, Any, Any], Era]] = []
    for step, value in steps:
        if step == "wait":
            world.now += value
        elif step == "begin":
            if era.state == "open" and world.now >= era.since + TIMEOUT:
                era = Era("half_open", world.now)
            if era.state == "open":
                assert world.refused() == pytest.approx(era.since + TIMEOUT - world.now)
            elif era.probe:
                assert world.refused() == 0.0
            else:
                calls.append((world.begin(), era))
                era.probe = calls[-1] if era.state == "half_open" else None
        elif calls:
            call, born = calls.pop(value % len(calls))
            error = OUTCOMES[step]
            world.end(call, error() if error else None)
            if born is era:
                era.probe = None
                if step in {"ok", "declined"}:
                    era.failures, era.successes = 0, era.successes + 1
                elif step == "failed":
                    era.failures += 1
                if era.state == "half_open":
                    era = Era("open", world.now) if era.failures else era
                    era = Era("closed", world.now) if era.successes == successes else era
                elif era.failures == failures:
                    era = Era("open", world.now)
        assert world.breaker.state == era.state
        if era.state == "closed":
            assert world.breaker.failures == era.failures
        if era.state == "half_open":
            assert world.breaker.successes == era.successes
    for call, _ in calls:
        call.close()


def times(events: list[Event], kind: str, **fields: Any) -> list[float]:
    return [e["t"] for e in events if e["kind"] == kind and fields.items() <= e.items()]


def queue_at_most(events: list[Event]) -> int:
    """The longest line of calls that have been sent and neither passed nor refused."""
    waiting = most = 0
    for event in events:
        waiting += {"call.sent": 1, "call.passed": -1, "call.rejected": -1}.get(event["kind"], 0)
        most = max(most, waiting)
    return most


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    events = LESSON.run("reference")
    down, up = times(events, "service.down")
    opened = times(events, "breaker.state", after="open")[0]
    passed = {e["id"]: e["t"] for e in events if e["kind"] == "call.passed"}
    doomed = [e for e in events if e["kind"] == "call.failed" and e["t"] < up and passed[e["id"]] <= opened]
    probes = times(events, "call.passed", probe=True)
    closed = times(events, "breaker.state", after="closed")
    assert (down, up, round(opened, 1), round(closed[0], 1)) == (6.0, 21.0, 7.8, 28.8)
    assert len(doomed) == 13
    assert [round(t, 2) for t in probes[:2]] == [12.99, 19.77]
    assert sum(down <= t < up for t in times(events, "call.sent")) == 78
    assert sum(down <= t < up for t in passed.values()) == 12
    assert not times(events, "breaker.state", before="closed")[1:]  # a third of errors does not open it


def test_the_naive_variant_makes_the_three_mistakes_told_in_the_text() -> None:
    events = LESSON.run("naive")
    assert queue_at_most(LESSON.run("reference")) <= 3
    assert queue_at_most(events) == 60
    assert 11 < max(e["waited"] for e in events if e["kind"] == "call.done") < 12
    nonsense = [e for e in events if e["kind"] == "call.rejected" and e["retry_in"] < 0]
    assert (round(nonsense[0]["t"], 1), round(nonsense[0]["retry_in"], 2)) == (18.7, -0.05)
    half_open, reopened = (
        times(events, "breaker.state", after=after)[i] for after, i in [("half_open", 0), ("open", 1)]
    )
    assert sum(half_open <= t < reopened for t in times(events, "call.passed", probe=True)) == 9


def test_the_readers_hand_takes_the_switch_from_the_story() -> None:
    script = ((3.0, "down", True), (4.0, "down", False))
    assert times(LESSON.run("reference", script), "service.down") == [3.0, 4.0]


def test_a_switch_set_before_the_start_is_the_readers_too() -> None:
    assert times(LESSON.run("reference", down=True), "service.down") == [0.0]


def test_settings_act_on_the_running_breaker() -> None:
    events = LESSON.run("reference", ((7.0, "failure_threshold", 1), (7.0, "timeout", 1)))
    opened = times(events, "breaker.state", after="open")[0]
    tried = times(events, "breaker.state", after="half_open")[0]
    assert opened < 7.4
    assert 1 <= tried - opened < 1.3


MINE = """
import asyncio, enum

class State(enum.Enum):
    CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"

class CircuitOpen(Exception):
    pass

class CircuitBreaker:
    def __init__(self, name, timeout, failure_threshold, success_threshold):
        self._timeout, self._left, self.state = timeout, failure_threshold, State.CLOSED

    async def call(self, function, *args):
        if self.state is State.OPEN:
            raise CircuitOpen
        try:
            result = await function(*args)
        except Exception:
            self._left -= 1
            if not self._left:
                self.state = State.OPEN
                asyncio.get_running_loop().call_later(self._timeout, self._half)
            raise
        self.state = State.CLOSED
        return result

    def _half(self):
        self.state, self._left = State.HALF_OPEN, 1
"""


def test_a_reader_may_bring_a_breaker_of_quite_another_make() -> None:
    demo = LESSON.demo
    events = rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": MINE},
        seed=1,
        duration=demo["duration"],
        controls={c["name"]: c["default"] for c in demo["controls"]},
        script=[(4.0, "timeout", 2)],
    )
    assert events[-1]["state"] == "finished"
    changes = [(e["before"], e["after"]) for e in events if e["kind"] == "breaker.state"]
    assert changes[:2] == [("closed", "open"), ("open", "half_open")]
