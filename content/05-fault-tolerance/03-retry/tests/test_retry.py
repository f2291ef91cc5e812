"""The retries of lesson 5.3: their rules by properties, the budget's bound, and the demo's promises."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest.loop import VirtualLoop
from tests.content.lessons import Event, lesson

LESSON = lesson("retry")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
RetryBudget, RetryPolicy = reference.RetryBudget, reference.RetryPolicy
JITTERS = ("none", "tenth", "equal", "full", "decorrelated")

T = TypeVar("T")
unit = st.floats(0, 1, exclude_max=True)
delays = st.floats(0, 1000, allow_nan=False)


class Rejected(Exception):
    """An answer, and a final one."""


class Busy(ConnectionError):
    """The service asks to stay away for so many seconds."""

    def __init__(self, retry_after: Any) -> None:
        super().__init__("busy")
        self.retry_after = retry_after


class Service:
    """Gives what it was told, one item an attempt, the last one for ever; remembers when it was asked."""

    def __init__(self, *answers: object, takes: float = 0.0) -> None:
        self.answers, self.takes = answers, takes
        self.asked: list[float] = []

    async def __call__(self) -> object:
        self.asked.append(asyncio.get_running_loop().time())
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        await asyncio.sleep(self.takes)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def pauses(self) -> list[float]:
        return [b - a for a, b in zip(self.asked, self.asked[1:], strict=False)]


def play(main: Callable[[], Awaitable[T]]) -> T:
    """Run in virtual time."""

    async def whole() -> T:
        return await main()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(whole())


def outcome(policy: Any, service: Service) -> tuple[object, float]:
    """What the caller gets, a result or an exception, and when."""

    async def main() -> tuple[object, float]:
        try:
            got = await policy.retry(service)
        except Exception as error:
            got = error
        return got, asyncio.get_running_loop().time()

    return play(main)


def steady(**more: Any) -> Any:
    """Three retries after 1, 2 and 4 s."""
    return RetryPolicy(**{"max_retries": 3, "initial_delay": 1.0, "max_delay": 8.0, "jitter": "none", **more})


# -- attempts --------------------------------------------------------------------------------------


def test_a_success_needs_no_retry() -> None:
    service = Service(7)
    assert outcome(steady(), service) == (7, 0.0)
    assert service.asked == [0.0]


@given(failures=st.integers(0, 9), most=st.integers(0, 9))
def test_there_are_at_most_max_retries_and_no_more_than_needed(failures: int, most: int) -> None:
    service = Service(*[TimeoutError()] * failures, 7)
    got, _ = outcome(steady(max_retries=most), service)
    assert len(service.asked) == min(failures, most) + 1
    assert (got == 7) == (failures <= most)


def test_a_final_answer_is_not_asked_for_again() -> None:
    error = Rejected()
    service = Service(error)
    assert outcome(steady(), service)[0] is error
    assert len(service.asked) == 1


def test_the_caller_gets_the_last_error_itself() -> None:
    last = BrokenPipeError("the last one")
    assert outcome(steady(max_retries=1), Service(TimeoutError(), last))[0] is last


def test_one_policy_serves_many_at_once() -> None:
    services = [Service(number, takes=5.0) for number in range(10)]

    async def main() -> tuple[list[object], float]:
        got = await asyncio.gather(*map(steady().retry, services))
        return list(got), asyncio.get_running_loop().time()

    assert play(main) == (list(range(10)), 5.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_retries": -1},
        {"initial_delay": -1.0},
        {"initial_delay": 9.0},
        {"multiplier": 0.5},
        {"jitter": "some"},
        {"deadline": 0.0},
    ],
    ids=str,
)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        steady(**wrong)


# -- pauses ----------------------------------------------------------------------------------------


@settings(max_examples=300)
@given(
    jitter=st.sampled_from(JITTERS),
    first=st.floats(0, 10),
    most=st.floats(10, 1e6),
    factor=st.floats(1, 10),
    retries=st.integers(0, 5000),
    previous=delays,
    draw=unit,
)
def test_a_pause_lies_where_its_jitter_says(
    jitter: str, first: float, most: float, factor: float, retries: int, previous: float, draw: float
) -> None:
    policy = RetryPolicy(3, first, most, factor, jitter, random=lambda: draw)
    log = math.log(first) + retries * math.log(factor) if first else -math.inf
    ceiling = most if log >= math.log(most) else min(most, math.exp(log))
    low, high = {
        "none": (ceiling, ceiling),
        "tenth": (0.9 * ceiling, 1.1 * ceiling),
        "equal": (ceiling / 2, ceiling),
        "full": (0.0, ceiling),
        "decorrelated": (min(first, most), min(most, max(first, 3 * previous))),
    }[jitter]
    pause = policy.delay(retries, previous)
    assert low * (1 - 1e-9) <= pause <= high * (1 + 1e-9)


@pytest.mark.parametrize(("jitter", "share"), [("tenth", 0.2), ("equal", 0.5), ("full", 1.0)])
def test_chance_is_spread_over_the_whole_of_the_range(jitter: str, share: float) -> None:
    draws = [RetryPolicy(1, 1.0, 1.0, 2.0, jitter, random=lambda d=d: d).delay(0) for d in (0.0, 0.5, 1.0)]
    assert draws[2] - draws[0] == pytest.approx(share)
    assert draws[1] == pytest.approx((draws[0] + draws[2]) / 2)


def test_decorrelated_jitter_goes_on_from_the_pause_before() -> None:
    service = Service(TimeoutError())
    outcome(steady(max_retries=4, jitter="decorrelated", max_delay=10.0, random=lambda: 1.0), service)
    assert service.pauses == [3.0, 9.0, 10.0, 10.0]


@given(retries=st.integers(0, 10**6))
def test_no_number_of_retries_breaks_the_pause(retries: int) -> None:
    assert steady().delay(retries) == min(8.0, 2.0 ** min(retries, 10))


@pytest.mark.parametrize(
    ("asked", "pause"), [(5, 6.0), (0.5, 1.5), (-3, 1.0), (None, 1.0), ("soon", 1.0), (math.nan, 1.0)]
)
def test_the_service_asks_for_time_and_jitter_comes_on_top(asked: object, pause: float) -> None:
    service = Service(Busy(asked), 7)
    outcome(steady(), service)
    assert service.pauses == [pause]


# -- deadline and cancellation ---------------------------------------------------------------------


@given(deadline=st.floats(0.1, 30))
def test_nothing_happens_after_the_deadline_and_no_pause_is_begun_in_vain(deadline: float) -> None:
    service = Service(TimeoutError("the service's own"))
    got, at = outcome(steady(max_retries=9, deadline=deadline), service)
    fitting = [t for t in (0.0, 1.0, 3.0, 7.0, 15.0, 23.0) if t < deadline]
    assert service.asked == fitting
    assert (str(got), at) == ("the service's own", fitting[-1])


@given(deadline=st.floats(0.1, 30), takes=st.floats(0.1, 30))
def test_an_attempt_under_way_is_cut_at_the_deadline(deadline: float, takes: float) -> None:
    got, at = outcome(steady(deadline=deadline), Service(7, takes=takes))
    if takes < deadline:
        assert (got, at) == (7, takes)
    elif takes > deadline:
        assert isinstance(got, TimeoutError)
        assert at == pytest.approx(deadline)


def test_the_deadline_outranks_what_the_service_asks_for() -> None:
    error = Busy(math.inf)
    got, at = outcome(steady(deadline=5.0), Service(error))
    assert (got, at) == (error, 0.0)
    assert "deadline" in error.__notes__[0]


@pytest.mark.parametrize("moment", [0.5, 1.5], ids=["in the attempt", "in the pause"])
def test_cancellation_goes_through_at_once(moment: float) -> None:
    budget, service = RetryBudget(5, 0), Service(TimeoutError(), 7, takes=1.0)

    async def main() -> float:
        task = asyncio.ensure_future(steady(budget=budget).retry(service))
        await asyncio.sleep(moment)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(60)
        return float(budget.tokens)

    assert play(main) == (5 if moment < 1 else 4)
    assert len(service.asked) == 1


# -- budget ----------------------------------------------------------------------------------------


@settings(max_examples=200)
@given(
    capacity=st.integers(0, 5),
    ratio=st.sampled_from([0.0, 0.1, 0.25, 0.333, 1.0]),
    calls=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40),
)
def test_retries_never_exceed_what_was_saved_and_earned(
    capacity: int, ratio: float, calls: list[tuple[int, bool]]
) -> None:
    budget = RetryBudget(capacity, ratio)
    policy = steady(budget=budget)
    retries = successes = 0
    left = capacity * 1000  # the model, in thousandths
    for failures, good in calls:
        service = Service(*[TimeoutError()] * failures, 7 if good else Rejected())
        got, _ = outcome(policy, service)
        paid = min(failures, 3, left // 1000)
        left = min(capacity * 1000, left - paid * 1000 + (round(ratio * 1000) if got == 7 else 0))
        retries, successes = retries + len(service.asked) - 1, successes + (got == 7)
        assert budget.tokens * 1000 == pytest.approx(left)
        assert retries <= capacity + ratio * successes + 1e-9


@given(st.integers(1, 1000))
def test_thousandths_add_up_exactly(count: int) -> None:
    budget = RetryBudget(1, round(1 / count, 3))
    assert budget.withdraw()
    for _ in range(math.ceil(1 / max(0.001, round(1 / count, 3)))):
        budget.deposit()
    assert budget.withdraw()


def test_a_crowd_cannot_spend_the_same_token_twice() -> None:
    budget = RetryBudget(3, 0)
    services = [Service(TimeoutError()) for _ in range(50)]

    async def main() -> None:
        await asyncio.gather(*(steady(budget=budget).retry(s) for s in services), return_exceptions=True)

    play(main)
    assert sum(len(service.pauses) for service in services) == 3
    assert budget.tokens == 0


@pytest.mark.parametrize("more", [{"max_retries": 0}, {"deadline": 0.5}, {"retryable": (Rejected,)}], ids=str)
def test_a_retry_that_will_not_be_is_not_paid_for(more: dict[str, Any]) -> None:
    budget = RetryBudget(2, 0)
    outcome(steady(budget=budget, **more), Service(TimeoutError()))
    assert budget.tokens == 2


def test_the_error_says_that_the_budget_is_spent() -> None:
    error = TimeoutError()
    outcome(steady(budget=RetryBudget(0, 0)), Service(error))
    assert "budget" in error.__notes__[0]


@pytest.mark.parametrize("wrong", [{"capacity": -1}, {"ratio": -0.1}], ids=str)
def test_a_budget_is_not_negative(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryBudget(**wrong)


# -- the naive version -----------------------------------------------------------------------------


def test_the_naive_version_breaks_on_a_tiny_pause_and_asks_for_a_final_answer_again() -> None:
    with pytest.raises(ZeroDivisionError):
        naive.RetryPolicy(3, 0.005, 1.0).delay(0)
    service = Service(Rejected())
    outcome(naive.RetryPolicy(3, 0.5, 1.0), service)
    assert len(service.asked) == 4


# -- the demo --------------------------------------------------------------------------------------


def loads(events: list[Event], since: float, until: float, *names: str) -> int:
    """A sum over the ticks in (since, until]."""
    ticks = [e for e in events if e["kind"] == "fleet.load" and since < e["t"] <= until]
    return sum(tick[name] for tick in ticks for name in names)


def states(events: list[Event]) -> list[tuple[float, str]]:
    return [(e["t"], e["after"]) for e in events if e["kind"] == "service.state"]


def seen(events: list[Event], name: str, t: float) -> Any:
    return next(e[name] for e in events if e["kind"] == "fleet.load" and e["t"] == t)


def test_the_story_is_the_one_the_text_tells() -> None:
    first, second, third = [(4.0, "down"), (7.0, "ok")], [(14.0, "down"), (17.0, "ok")], [(27.0, "down")]
    jams = [(19.2, "jam"), (22.6, "ok")], [(30.0, "ok"), (32.0, "jam"), (56.4, "ok")]
    assert states(LESSON.run("reference")) == [*first, *second, *jams[0], *third, *jams[1]]


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    run = LESSON.run("reference")
    assert (seen(run, "first", 4.2), seen(run, "again", 15.4)) == (247, 230)
    assert (loads(run, 4, 7, "again"), loads(run, 7, 14, "again")) == (591, 9)  # 300 scooters, 2 tokens each
    assert loads(run, 17, 17.8, "again") - seen(run, "again", 17.2) == 221
    assert seen(run, "queue", 17.8) == 208
    assert loads(run, 18.4, 21.8, "good") == 0
    assert loads(run, 27, 30, "again") == 890
    assert loads(run, 34, 42, "first", "again") == 1892
    assert loads(run, 33, 55, "good") == 0
    assert [loads(run, *span, "lost") for span in ((4, 7), (27, 30), (30, 42))] == [476, 86, 702]
    assert (seen(run, "tokens", 50.0), seen(run, "queue", 50.0), seen(run, "queue", 56.4)) == (0, 241, 0)


def test_the_model_of_the_worst_case_is_what_is_measured_in_the_jam() -> None:
    jam = [e for e in LESSON.run("reference") if e["kind"] == "fleet.balance" and 34 < e["t"] <= 42]
    assert {e["worst"] for e in jam[:-1]} == {240.0}
    assert sum(e["arrivals"] for e in jam) / len(jam) == pytest.approx(240, rel=0.05)


def test_the_naive_fleet_does_not_recover_and_retries_what_was_refused() -> None:
    run = LESSON.run("naive")
    assert [state for t, state in states(run) if t > 8] == ["jam", "down", "ok", "jam", "down", "ok", "jam"]
    assert loads(run, 34, 60, "good") == 0
    assert loads(run, 1, 4, "again") > 0 == loads(LESSON.run("reference"), 1, 4, "again")


def test_half_the_fleet_gets_over_a_fall_without_a_budget_if_its_retries_are_dispersed() -> None:
    jammed = {
        jitter: loads(LESSON.run("reference", clients=150, budget=False, jitter=jitter), 7, 13, "wasted") > 0
        for jitter in ("none", "tenth", "full")
    }
    assert jammed == {"none": True, "tenth": True, "full": False}


def test_one_retry_without_a_budget_may_hold_though_the_model_forbids_it() -> None:
    run = LESSON.run("reference", retries=1, budget=False)
    assert "jam" not in [state for _, state in states(run)]
    assert max(e["worst"] for e in run if e["kind"] == "fleet.balance") == 120


def test_two_layers_of_retries_multiply() -> None:
    run = LESSON.run("reference", layers=2, budget=False)
    assert max(e["worst"] for e in run if e["kind"] == "fleet.balance") == 960


def test_what_breaks_in_the_readers_code_is_told_and_the_world_goes_on() -> None:
    run = LESSON.run("naive", initial_delay=5)
    assert [e["error"] for e in run if e["kind"] == "policy.broke"] == ["ZeroDivisionError"]
    assert run[-1]["state"] == "finished"
