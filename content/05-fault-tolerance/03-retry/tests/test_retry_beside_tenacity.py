"""The lesson's pauses beside those of tenacity and stamina, which people use: growth, caps, ranges."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
import stamina
import tenacity
from hypothesis import given
from hypothesis import strategies as st

from sandbox.guest.loop import VirtualLoop
from tests.content.lessons import lesson

RetryPolicy = lesson("retry").module("reference.py").RetryPolicy

first = st.floats(0.001, 10)
cap = st.floats(10, 1000)
factor = st.floats(1.1, 8)
retries = st.integers(0, 60)


def tenacity_waits(strategy: Any, retries: int) -> float:
    return float(strategy(SimpleNamespace(attempt_number=retries + 1)))


@given(first=first, cap=cap, factor=factor, retries=retries)
def test_pauses_without_jitter_are_those_of_wait_exponential(
    first: float, cap: float, factor: float, retries: int
) -> None:
    ours = RetryPolicy(99, first, cap, factor, "none").delay(retries)
    theirs = tenacity_waits(tenacity.wait_exponential(multiplier=first, max=cap, exp_base=factor), retries)
    assert ours == pytest.approx(theirs)


@given(first=first, cap=cap, factor=factor, retries=retries, draw=st.floats(0, 1))
def test_full_jitter_is_that_of_wait_random_exponential(
    first: float, cap: float, factor: float, retries: int, draw: float
) -> None:
    ours = RetryPolicy(99, first, cap, factor, "full", random=lambda: draw).delay(retries)
    peer = tenacity.wait_random_exponential(multiplier=first, max=cap, exp_base=factor)
    with pytest.MonkeyPatch.context() as patch:  # the same chance for both
        patch.setattr("tenacity.wait.random.uniform", lambda low, high: low + (high - low) * draw)
        assert ours == pytest.approx(tenacity_waits(peer, retries))


async def _moments(attempts: Any) -> list[float]:
    """When the attempts of an endless failure were made."""
    loop, moments = asyncio.get_running_loop(), []

    async def fails() -> None:
        moments.append(loop.time())
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await attempts(fails)
    return moments


@pytest.mark.parametrize(("start", "cap", "base"), [(0.125, 8.0, 2.0), (0.5, 2.0, 3.0), (1.0, 1.0, 2.0)])
def test_attempts_are_made_at_the_moments_of_stamina(start: float, cap: float, base: float) -> None:
    ours = RetryPolicy(5, start, cap, base, "none", (TimeoutError,))
    theirs = stamina.AsyncRetryingCaller(
        attempts=6, timeout=None, wait_initial=start, wait_max=cap, wait_jitter=0, wait_exp_base=base
    ).on(TimeoutError)

    def play(attempts: Any) -> list[float]:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(_moments(attempts))

    assert play(ours.retry) == pytest.approx(play(theirs))


async def test_both_give_up_with_the_error_of_the_last_attempt() -> None:
    errors = [ConnectionResetError(str(n)) for n in range(3)]

    async def fails(left: list[Exception]) -> None:
        raise left.pop(0)

    for attempts in (
        RetryPolicy(2, 0.0, 0.0).retry,
        tenacity.AsyncRetrying(stop=tenacity.stop_after_attempt(3), reraise=True),
    ):
        with pytest.raises(ConnectionResetError) as caught:
            await attempts(fails, errors.copy())
        assert caught.value is errors[2]


def test_what_the_text_says_of_the_peers_defaults() -> None:
    bare = tenacity.AsyncRetrying()
    assert bare.stop is tenacity.stop_never
    assert tenacity_waits(bare.wait, 5) == 0
    assert stamina.retry.__kwdefaults__ == {
        "attempts": 10,
        "timeout": 45.0,
        "wait_initial": 0.1,
        "wait_max": 5.0,
        "wait_jitter": 1.0,
        "wait_exp_base": 2,
    }
