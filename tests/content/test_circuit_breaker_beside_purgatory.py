"""The lesson's breaker beside a library people use: the same refusals for callers that come one by one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from purgatory.domain import model as purgatory

from tests.content.test_circuit_breaker import CardDeclined, CircuitOpen, ServiceFailed, World

PAUSE = 5.1  # never met exactly by the waits below: the two differ in whether the very moment counts


class Peer:
    """purgatory's state machine on our clock."""

    def __init__(self, world: World, failures: int) -> None:
        purgatory.time = SimpleNamespace(time=lambda: world.now)  # it asks the wall's clock, we need ours
        self.circuit = purgatory.Context("payments", failures, PAUSE, exclude=[CardDeclined])

    def call(self, error: Exception | None) -> bool:
        """Whether the call was let through."""
        try:
            with self.circuit:
                if error:
                    raise error
        except purgatory.OpenedState:
            return False
        except (ServiceFailed, CardDeclined):
            pass
        return True


@pytest.fixture(autouse=True)
def _clock_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purgatory, "time", purgatory.time)


def let_through(world: World, error: Exception | None) -> bool:
    try:
        world.call(error)
    except CircuitOpen:
        return False
    return True


steps = st.lists(
    st.one_of(
        st.sampled_from([0.5, 1.0, 2.5, 5.0]),
        st.sampled_from([None, ServiceFailed(), ServiceFailed(), CardDeclined()]),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps=steps, failures=st.integers(1, 4))
def test_one_caller_after_another_is_treated_alike(steps: list[Any], failures: int) -> None:
    world = World(timeout=PAUSE, failure_threshold=failures, success_threshold=1)
    peer = Peer(world, failures)
    for step in steps:
        if isinstance(step, float):
            world.now += step
        else:
            assert let_through(world, step) == peer.call(step)
            assert world.breaker.state == {"opened": "open", "half-opened": "half_open"}.get(
                peer.circuit.state, peer.circuit.state
            )


def test_the_library_lets_a_crowd_into_the_half_open_circuit_as_the_text_says() -> None:
    world = World(timeout=PAUSE, failure_threshold=1, success_threshold=1)
    peer = Peer(world, 1)
    peer.call(ServiceFailed())
    world.now += 2 * PAUSE
    crowd = [peer.circuit.__enter__() for _ in range(9)]
    assert len(crowd) == 9
    assert peer.circuit.state == "half-opened"
