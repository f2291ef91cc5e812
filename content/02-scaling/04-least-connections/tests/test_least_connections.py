"""The balancers of lesson 2.4: their rules by properties, oracles by brute force, and the demo's promises."""

from __future__ import annotations

import math
import sys
from collections import Counter
from heapq import heapify, heapreplace
from itertools import combinations, groupby
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest import rehearsal
from tests.content.lessons import Event, lesson

LESSON = lesson("least-connections")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
Node, NoHealthyNodes = reference.Node, reference.NoHealthyNodes
Least, Two, Ewma = reference.LeastConnections, reference.PowerOfTwoChoices, reference.PeakEwma
KINDS = [Least, Two, Ewma]

node = st.tuples(st.integers(0, 9), st.integers(0, 4), st.booleans())  # load, weight, healthy
some = st.lists(node, min_size=1, max_size=7)


def nodes(*fields: tuple[int, int, bool]) -> list[Any]:
    return [Node(str(n), f"10.0.0.{n}:80", weight, up, load) for n, (load, weight, up) in enumerate(fields)]


def loaded(*loads: int) -> list[Any]:
    return nodes(*[(load, 1, True) for load in loads])


def able(crowd: list[Any]) -> list[Any]:
    """The oracle: who may be picked."""
    healthy = [n for n in crowd if n.healthy]
    return [n for n in healthy if n.weight] or healthy


def beats(one: Any, other: Any) -> bool:
    """The oracle: (load + 1) / weight is less, in whole numbers."""
    return (one.load + 1) * (other.weight or 1) < (other.load + 1) * (one.weight or 1)


# -- who is picked ------------------------------------------------------------------------------------------


@given(fields=some, seed=st.integers(0, 99))
def test_least_connections_is_the_minimum_by_brute_force(fields: Any, seed: int) -> None:
    crowd = nodes(*fields)
    if not able(crowd):
        with pytest.raises(NoHealthyNodes):
            Least(crowd).pick()
        return
    chosen = Least(crowd, Random(seed)).pick()
    assert chosen in able(crowd)
    assert not any(beats(other, chosen) for other in able(crowd))


@given(fields=some, seed=st.integers(0, 99))
def test_two_choices_never_pick_who_would_lose_every_pair(fields: Any, seed: int) -> None:
    crowd = nodes(*fields)
    if not able(crowd):
        with pytest.raises(NoHealthyNodes):
            Two(crowd).pick()
        return
    chosen = Two(crowd, Random(seed)).pick()
    others = [n for n in able(crowd) if n is not chosen]
    assert chosen in able(crowd)
    assert not others or any(not beats(other, chosen) for other in others)


@settings(deadline=None, max_examples=25)
@given(fields=st.lists(node, min_size=2, max_size=5), seed=st.integers(0, 9999))
def test_shares_of_two_choices_are_those_of_all_pairs(fields: Any, seed: int) -> None:
    crowd, picks = nodes(*fields), 3000
    fit = able(crowd)
    if len(fit) < 2:
        return
    share = dict.fromkeys((n.id for n in fit), 0.0)
    pairs = list(combinations(fit, 2))
    for one, other in pairs:
        part = 1.0 if beats(one, other) else 0.0 if beats(other, one) else 0.5
        share[one.id] += part / len(pairs)
        share[other.id] += (1 - part) / len(pairs)
    balancer = Two(crowd, Random(seed))
    got = Counter(balancer.pick().id for _ in range(picks))
    for name, part in share.items():
        assert abs(got[name] - picks * part) <= 6 * math.sqrt(picks * part * (1 - part))


@given(loads=st.lists(st.integers(0, 5), min_size=1, max_size=9), picks=st.integers(1, 60))
def test_least_connections_levels_loads_as_a_heap_does(loads: list[int], picks: int) -> None:
    """When every pick adds one, the loads end as those of heap-based least connections."""
    crowd, heap = loaded(*loads), list(loads)
    heapify(heap)
    balancer = Least(crowd, Random(1))
    for _ in range(picks):
        balancer.pick().load += 1
        heapreplace(heap, heap[0] + 1)
    assert sorted(n.load for n in crowd) == sorted(heap)


def test_equals_are_picked_by_lot() -> None:
    for kind in KINDS:
        balancer = kind(loaded(4, 4, 4, 4), Random(5))
        got = Counter(balancer.pick().id for _ in range(4000))
        assert len(got) == 4
        assert all(abs(count - 1000) < 165 for count in got.values())  # six deviations


@pytest.mark.parametrize("kind", KINDS)
@given(fields=some)
def test_picking_changes_nothing_in_nodes(kind: Any, fields: Any) -> None:
    crowd = nodes(*fields)
    before = [(n.load, n.weight, n.healthy) for n in crowd]
    if able(crowd):
        kind(crowd).pick()
    assert [(n.load, n.weight, n.healthy) for n in crowd] == before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("count", [0, 1, 4])
def test_nobody_healthy_is_an_exception_that_says_how_many_are_known(kind: Any, count: int) -> None:
    balancer = kind(nodes(*[(0, 1, False)] * count))
    with pytest.raises(NoHealthyNodes) as caught:
        balancer.pick()
    assert caught.value.known == count


@pytest.mark.parametrize("kind", KINDS)
def test_nodes_may_be_replaced_between_picks(kind: Any) -> None:
    balancer = kind(loaded(0, 0))
    balancer.nodes = [Node("z", "10.0.0.9:80")]
    assert balancer.pick().id == "z"


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        Node("a", "10.0.0.1:80", -1)


# -- peak EWMA ----------------------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def measured(*seconds: float) -> tuple[Any, list[Any], Clock]:
    clock, crowd = Clock(), loaded(*[0] * len(seconds))
    balancer = Ewma(crowd, Random(3), clock)
    for one, took in zip(crowd, seconds, strict=True):
        balancer.observe(one, took)
    return balancer, crowd, clock


def test_a_slower_answer_is_believed_at_once_and_a_faster_one_bit_by_bit() -> None:
    balancer, crowd, clock = measured(0.1, 0.5)
    balancer.observe(crowd[0], 2.0)
    assert balancer.pick() is crowd[1]
    clock.now += 1.0
    balancer.observe(crowd[0], 0.1)
    assert balancer.pick() is crowd[1]  # still remembered
    for _ in range(30):
        clock.now += 1.0
        balancer.observe(crowd[0], 0.1)
        balancer.observe(crowd[1], 0.5)
    assert balancer.pick() is crowd[0]


@given(old=st.floats(0.01, 5), new=st.floats(0.01, 5), apart=st.floats(0, 60))
def test_the_estimate_stays_between_the_old_and_the_new_and_never_below_the_new(
    old: float, new: float, apart: float
) -> None:
    balancer, crowd, clock = measured(old)
    clock.now += apart
    balancer.observe(crowd[0], new)
    assert new - 1e-9 <= balancer._cost(crowd[0]) <= max(old, new) + 1e-9


def test_latency_is_weighed_with_the_crowd() -> None:
    balancer, crowd, _ = measured(0.1, 0.3)
    assert balancer.pick() is crowd[0]
    crowd[0].load = 3  # 0.4 s against 0.3 s
    assert balancer.pick() is crowd[1]


def test_a_quick_failure_is_no_quick_answer() -> None:
    balancer, crowd, _ = measured(0.2, 0.3)
    balancer.observe(crowd[0], 0.001, failed=True)
    assert balancer.pick() is crowd[1]


def test_what_is_not_confirmed_fades_and_the_node_is_tried_again() -> None:
    balancer, crowd, clock = measured(5.0, 0.2)
    clock.now += 20.0
    balancer.observe(crowd[1], 0.2)
    assert balancer.pick() is crowd[0]


def test_a_newcomer_is_as_quick_as_the_others_are_on_average() -> None:
    balancer, crowd, _ = measured(0.2, 0.6)
    newcomer = Node("new", "10.0.0.9:80")
    balancer.nodes = [crowd[0], newcomer]
    assert balancer.pick() is crowd[0]
    balancer.nodes = [crowd[0], crowd[1], newcomer]
    assert balancer._cost(newcomer) == pytest.approx(0.4)


# -- the demo -----------------------------------------------------------------------------------------------


def of(events: list[Event], kind: str, **fields: Any) -> list[Event]:
    return [e for e in events if e["kind"] == kind and fields.items() <= e.items()]


def longest(events: list[Event], t: float) -> int:
    return int(of(events, "world.stats", t=t)[0]["longest"])


def rows(events: list[Event], since: float, until: float) -> list[tuple[str, int]]:
    """Choices of one node in a row."""
    chosen = [e["node"] for e in of(events, "request.sent") if since <= e["t"] < until]
    return [(name, len(list(group))) for name, group in groupby(chosen)]


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    events = LESSON.run("reference")
    assert longest(events, 7.0) == 12
    assert longest(events, 18.0) == 2
    assert max(count for _, count in rows(events, 12, 22)) == 3
    assert [row for row in rows(events, 22, 34) if row[1] > 9] == [("c", 25), ("d", 26), ("f", 27)]
    assert of(events, "load.report", t=22.0)[0]["loads"] == [2, 3, 1, 2, 2, 0]
    assert of(events, "load.report", t=24.0)[0]["loads"][2] == 21
    assert max(count for _, count in rows(events, 34, 44)) == 4
    shares = Counter(e["node"] for e in of(events, "request.sent") if 34 <= e["t"] < 44)
    assert round(100 * max(shares.values()) / shares.total()) == 24
    assert max(e["longest"] for e in of(events, "world.stats") if 34 <= e["t"] < 44) == 10
    new = Counter(e["node"] for e in of(events, "request.sent") if 48.1 <= e["t"] < 50)
    assert (new["b"], new.total()) == (10, 22)
    lost = [e["t"] for e in of(events, "request.failed")]
    assert (len([t for t in lost if t < 54]), len([t for t in lost if t > 54])) == (13, 2)
    assert longest(events, 60.0) == 1


def test_the_naive_variant_gathers_herds_with_fresh_news_too() -> None:
    events = LESSON.run("naive")
    assert max(count for _, count in rows(events, 12, 22)) == 19
    assert (longest(events, 20.0), longest(LESSON.run("reference"), 20.0)) == (15, 3)
    assert longest(events, 60.0) == 34


def long_run(algorithm: str, *, tail: bool, **controls: Any) -> list[Event]:
    """Nothing happens but requests, for 200 seconds."""
    demo = LESSON.demo
    defaults = {c["name"]: c["default"] for c in demo["controls"]}
    return rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": LESSON.code("reference.py")},
        seed=2,
        duration=200.0,
        controls=defaults | {"algorithm": algorithm, "tail": tail} | controls,
        touched=list(defaults),
    )


def average(events: list[Event]) -> float:
    lines = [e["longest"] for e in of(events, "world.stats") if e["t"] > 20]
    return sum(lines) / len(lines)


@pytest.mark.parametrize(
    ("algorithm", "low", "high"),
    [("turns", 0.6, 1.4), ("lots", 0.6, 1.4), ("least", 1.0, 1.7), ("two", 0.8, 1.4)],
)
def test_the_lines_are_as_long_as_the_model_says(algorithm: str, low: float, high: float) -> None:
    """Least connections only come near: M/M/n has one line, and nobody ever stands in the wrong one."""
    events = long_run(algorithm, tail=False)
    model = of(events, "world.stats")[-1]["model"]
    assert low * model <= average(events) <= high * model


def test_old_news_turn_the_order_over() -> None:
    fresh = [average(long_run(name, tail=True)) for name in ("least", "two")]
    old = [average(long_run(name, tail=True, stale=2.0)) for name in ("least", "two")]
    assert fresh[0] < fresh[1] < old[1] < old[0]


def test_peak_ewma_gives_a_slow_server_less_than_two_choices_do() -> None:
    def share(algorithm: str) -> float:
        sent = of(long_run(algorithm, tail=False, slow_a=True, rps=5), "request.sent")
        return sum(e["node"] == "a" for e in sent) / len(sent)

    assert share("ewma") < share("two") < 0.2


def test_the_model_in_known_cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "reference", reference)  # what demo.py imports
    demo = LESSON.module("demo.py")
    held = demo.common_line(1, 0.5)
    assert held[:3] == pytest.approx([0.5, 0.25, 0.125])  # M/M/1
    assert demo.longest("lots", 1, 0.5) == 1.0  # ρ / (1 − ρ)
    assert demo.longest("two", 5, 1.2) == demo.longest("least", 0, 1.0) == 0.0


def test_the_readers_hand_takes_a_control_from_the_story() -> None:
    events = LESSON.run("reference", ((3.0, "algorithm", "two"), (5.0, "down_b", True)))
    assert [e["t"] for e in of(events, "balancer.state")] == [0.0, 3.0]
    assert [e["t"] for e in of(events, "node.state", node="b")] == [5.0, 6.0]


MINE = """
class NoHealthyNodes(Exception): pass

class Node:
    def __init__(self, id, address):
        self.id, self.address, self.healthy, self.load = id, address, True, 0

class LeastConnections:
    def __init__(self, nodes, random=None, clock=None): self.nodes = nodes
    def pick(self): return None

class PowerOfTwoChoices(LeastConnections):
    def pick(self): return self.nodes[0]

PeakEwma = PowerOfTwoChoices
"""


def test_a_reader_may_bring_balancers_that_answer_nonsense() -> None:
    demo = LESSON.demo
    events = rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": MINE},
        seed=1,
        duration=demo["duration"],
        controls={c["name"]: c["default"] for c in demo["controls"]},
    )
    assert events[-1]["state"] == "finished"
    assert {e["node"] for e in of(events, "request.sent") if 12 < e["t"] < 34} == {""}
    assert {e["node"] for e in of(events, "request.sent") if 34 < e["t"] < 46} == {"a"}
