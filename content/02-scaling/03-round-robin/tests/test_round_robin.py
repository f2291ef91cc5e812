"""The balancers of lesson 2.3: their rules by properties, an oracle in fractions, and the demo's promises."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import cycle, islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest import rehearsal
from tests.content.lessons import Event, lesson

LESSON = lesson("round-robin")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
Node, NoHealthyNodes = reference.Node, reference.NoHealthyNodes
RoundRobin, Smooth = reference.RoundRobin, reference.SmoothWeightedRoundRobin

weights_of_some = st.lists(st.integers(1, 60), min_size=1, max_size=8)


def nodes(*weights: int) -> list[Any]:
    return [Node(chr(ord("a") + place), f"10.0.0.{place}:80", weight) for place, weight in enumerate(weights)]


def order(balancer: Any, count: int) -> str:
    return "".join(balancer.pick().id for _ in range(count))


# -- round robin ------------------------------------------------------------------------------------------


@given(count=st.integers(1, 9), picks=st.integers(0, 40))
def test_the_circle_is_that_of_itertools_and_begins_with_the_first(count: int, picks: int) -> None:
    circle = nodes(*[1] * count)
    assert order(RoundRobin(circle), picks) == "".join(n.id for n in islice(cycle(circle), picks))


def test_the_circle_does_not_jump_when_a_node_falls_and_rises() -> None:
    balancer = RoundRobin(nodes(1, 1, 1, 1))
    assert order(balancer, 2) == "ab"
    balancer.nodes[0].healthy = False
    assert order(balancer, 4) == "cdbc"
    balancer.nodes[0].healthy = True
    assert order(balancer, 5) == "dabcd"


@given(sick=st.sets(st.integers(0, 6), max_size=6))
def test_the_healthy_of_a_circle_take_equal_turns(sick: set[int]) -> None:
    balancer = RoundRobin(nodes(*[1] * 7))
    for place in sick:
        balancer.nodes[place].healthy = False
    assert set(Counter(order(balancer, 3 * (7 - len(sick)))).values()) == {3}


# -- smooth: nothing changes --------------------------------------------------------------------------------


def test_the_order_is_the_one_nginx_published() -> None:
    assert order(Smooth(nodes(5, 1, 1)), 14) == "aabacaa" * 2


@given(weights=weights_of_some)
def test_every_round_gives_each_node_exactly_its_weight_and_repeats(weights: list[int]) -> None:
    balancer = Smooth(nodes(*weights))
    first, second = order(balancer, sum(weights)), order(balancer, sum(weights))
    assert [first.count(node.id) for node in balancer.nodes] == weights
    assert first == second


@given(weights=weights_of_some)
def test_nobody_is_ever_a_whole_request_ahead_of_its_share(weights: list[int]) -> None:
    balancer, got = Smooth(nodes(*weights)), Counter[str]()
    for number in range(1, sum(weights) + 1):
        node = balancer.pick()
        got[node.id] += 1
        assert got[node.id] - number * Fraction(node.weight, sum(weights)) < 1


@given(weights=weights_of_some, times=st.integers(2, 50))
def test_only_the_ratio_of_weights_matters(weights: list[int], times: int) -> None:
    many = Smooth(nodes(*[weight * times for weight in weights]))
    assert order(many, 60) == order(Smooth(nodes(*weights)), 60)


@given(count=st.integers(1, 8), weight=st.integers(0, 60))
def test_equal_weights_zero_too_make_a_plain_circle(count: int, weight: int) -> None:
    assert order(Smooth(nodes(*[weight] * count)), 30) == order(RoundRobin(nodes(*[1] * count)), 30)


# -- smooth: changes ----------------------------------------------------------------------------------------

changes = st.lists(
    st.tuples(
        st.integers(0, 4),  # which node
        st.one_of(st.booleans(), st.sampled_from([0, 1, 2, 7, 40])),  # healthy, or a weight
        st.integers(1, 30),  # requests after that
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(weights=st.lists(st.integers(0, 40), min_size=2, max_size=5), changes=changes)
def test_whatever_changes_everybody_stays_within_two_requests_of_its_share(
    weights: list[int], changes: list[tuple[int, bool | int, int]]
) -> None:
    balancer = Smooth(nodes(*weights))
    owed: dict[Any, Fraction] = {}
    for place, change, requests in [(0, True, 10), *changes]:
        node = balancer.nodes[place % len(weights)]
        if isinstance(change, bool):
            node.healthy = change
        else:
            node.weight = change
        healthy = [n for n in balancer.nodes if n.healthy]
        if not healthy:
            with pytest.raises(NoHealthyNodes):
                balancer.pick()
            owed = {}
            continue
        taking = {n: n.weight for n in healthy if n.weight} or dict.fromkeys(healthy, 1)
        for _ in range(requests):
            owed = {
                n: owed.get(n, Fraction(0)) + Fraction(w, sum(taking.values())) for n, w in taking.items()
            }
            chosen = balancer.pick()
            assert chosen in taking
            owed[chosen] -= 1
            assert max(map(abs, owed.values())) < 2


class KeepsOldUnits(Smooth):  # type: ignore[misc, valid-type]
    """What the text warns of: the price of a request has changed, the debts have not."""

    def _settle(self, weights: dict[Any, int]) -> None:
        owed: dict[Any, float] = vars(self)["_owed"]
        self._owed = {node: owed.get(node, 0) for node in weights}
        self._weights, self._total = weights, sum(weights.values())


class StartsOver(Smooth):  # type: ignore[misc, valid-type]
    """The other one: every change wipes the book."""

    def _settle(self, weights: dict[Any, int]) -> None:
        self._owed = dict.fromkeys(weights, 0)
        self._weights, self._total = weights, sum(weights.values())


@pytest.mark.parametrize(("kind", "in_a_row"), [(Smooth, 2), (KeepsOldUnits, 11)])
def test_a_heavy_node_leaves_and_its_light_neighbours_take_turns(kind: Any, in_a_row: int) -> None:
    balancer = kind(nodes(20, 1, 1))
    order(balancer, 8)
    balancer.nodes[0].healthy = False
    after = order(balancer, 20)
    assert len(after) - len(after.lstrip("c")) <= in_a_row
    assert (after.startswith("c" * 11)) is (kind is KeepsOldUnits)


@pytest.mark.parametrize(("kind", "starved"), [(Smooth, 0), (StartsOver, 2)])
def test_a_neighbour_that_blinks_starves_nobody(kind: Any, starved: int) -> None:
    balancer = kind(nodes(5, 1, 1, 1))
    got = Counter[str]()
    for _ in range(40):
        balancer.nodes[3].healthy = not balancer.nodes[3].healthy
        got.update(order(balancer, 4))
    assert sum(not got[node.id] for node in balancer.nodes) == starved
    assert sum(got.values()) == 160


def test_a_node_that_comes_back_does_not_take_what_it_missed() -> None:
    balancer = Smooth(nodes(1, 1))
    balancer.nodes[0].healthy = False
    order(balancer, 1000)
    balancer.nodes[0].healthy = True
    assert order(balancer, 6) in {"ababab", "bababa"}


def test_a_drained_node_gets_nothing_until_there_is_nobody_else() -> None:
    balancer = Smooth(nodes(3, 3, 3))
    order(balancer, 2)
    balancer.nodes[2].weight = 0
    assert "c" not in order(balancer, 50)
    balancer.nodes[0].healthy = balancer.nodes[1].healthy = False
    assert order(balancer, 3) == "ccc"


@pytest.mark.parametrize("kind", [RoundRobin, Smooth])
def test_nodes_may_be_added_and_removed_between_picks(kind: Any) -> None:
    balancer = kind(nodes(1, 1))
    order(balancer, 3)
    balancer.nodes.append(Node("z", "10.0.0.9:80"))
    assert set(order(balancer, 6)) == {"a", "b", "z"}
    del balancer.nodes[:2]
    assert order(balancer, 2) == "zz"


@pytest.mark.parametrize("kind", [RoundRobin, Smooth])
@pytest.mark.parametrize("count", [0, 1, 4])
def test_nobody_healthy_is_an_exception_that_says_how_many_are_known(kind: Any, count: int) -> None:
    balancer = kind(nodes(*[2] * count))
    for node in balancer.nodes:
        node.healthy = False
    with pytest.raises(NoHealthyNodes) as caught:
        balancer.pick()
    assert caught.value.known == count


@pytest.mark.parametrize("kind", [RoundRobin, Smooth])
def test_two_nodes_of_one_id_are_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="same id"):
        kind([Node("a", "1"), Node("a", "2")])


def test_a_negative_weight_is_refused() -> None:
    with pytest.raises(ValueError, match="-1"):
        Node("a", "10.0.0.1:80", -1)


# -- the demo ------------------------------------------------------------------------------------------


def of(events: list[Event], kind: str, **fields: Any) -> list[Event]:
    return [e for e in events if e["kind"] == kind and fields.items() <= e.items()]


def stats_at(events: list[Event], t: float) -> Event:
    return of(events, "world.stats", t=t)[0]


def longest(events: list[Event], since: float, until: float) -> int:
    return max(int(e["queue"]) for e in of(events, "world.stats") if since <= e["t"] < until)


def slowest(events: list[Event], since: float, until: float) -> int:
    """Milliseconds of the slowest answer to those who came in these seconds."""
    came = {e["id"] for e in of(events, "request.sent") if since <= e["t"] < until}
    return max(int(e["ms"]) for e in of(events, "request.done") if e["id"] in came)


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    events = LESSON.run("reference")
    ten = stats_at(events, 10.0)
    assert ten["queue"] == 6
    assert 6 <= ten["model"] <= 6.7
    assert 3900 < ten["p99"] < 4100
    assert 450 < ten["p50"] < 550
    assert next(e["t"] for e in of(events, "world.stats", queue=0) if e["t"] > 14) == 19.5
    picked = [e["node"] for e in of(events, "request.sent") if e["t"] >= 20][:14]
    assert "".join(picked) == "aabacab" * 2
    assert longest(events, 20, 28) == 1
    assert slowest(events, 20, 28) == 1056
    noticed = of(events, "node.state", node="a", healthy=False)[0]["t"]
    assert noticed == 28.6
    assert len([e for e in of(events, "request.failed") if e["t"] < 40]) == 3
    assert stats_at(events, 34.0)["queue"] == 7
    assert next(e["t"] for e in of(events, "world.stats", queue=0) if e["t"] > 36) == 45.0
    refused = of(events, "request.failed", error="NoHealthyNodes")
    assert min(e["t"] for e in refused) > 46.6
    assert not of(events, "request.failed", error="UnknownNode")


def test_the_lines_are_as_long_as_the_model_says() -> None:
    for event in of(LESSON.run("reference"), "world.stats"):
        assert abs(event["queue"] - event["model"]) <= 2


def test_shares_measured_are_those_of_the_weights() -> None:
    settled = stats_at(LESSON.run("reference"), 28.0)
    assert settled["expected"] == [57, 29, 14]
    assert all(abs(a - b) <= 1 for a, b in zip(settled["shares"], settled["expected"], strict=True))


def test_the_naive_variant_makes_the_three_mistakes_told_in_the_text() -> None:
    events = LESSON.run("naive")
    assert of(events, "request.sent")[0]["node"] == "b"  # the first one is passed over
    assert longest(events, 20, 28) == stats_at(events, 22.0)["queue"] == 11
    assert longest(events, 28, 46) == stats_at(events, 38.0)["queue"] == 14
    assert slowest(events, 20, 28) == 8500
    nobody = of(events, "request.failed", error="UnknownNode")
    assert len(nobody) == 15
    sent = {e["id"]: e["t"] for e in of(events, "request.sent")}
    assert all(e["t"] - sent[e["id"]] == pytest.approx(1.0, abs=1e-5) for e in nobody)


def test_blocks_of_small_weights_do_little_harm_and_of_great_ones_much() -> None:
    small = LESSON.run("naive", algorithm="weighted", weight_a=4, weight_b=2, weight_c=1)
    great = LESSON.run("naive", algorithm="weighted", weight_a=40, weight_b=20, weight_c=10)
    assert longest(small, 0, 28) <= 2 < 10 <= longest(great, 0, 28)


def test_the_readers_hand_takes_a_control_from_the_story() -> None:
    events = LESSON.run("reference", ((3.0, "algorithm", "weighted"), (5.0, "down_a", True)))
    assert [e["t"] for e in of(events, "balancer.state")] == [0.0, 3.0]
    assert [e["t"] for e in of(events, "node.state", node="a", up=False)] == [5.0, 5.6]


def test_a_server_that_is_down_from_the_start_loses_requests_until_the_first_check() -> None:
    events = LESSON.run("reference", down_b=True)
    lost = of(events, "request.failed", node="b")
    assert lost
    assert max(e["t"] for e in lost) < 0.6 + 0.3
    assert not [e for e in of(events, "request.sent", node="b") if 0.6 < e["t"] < 46]


MINE = """
class NoHealthyNodes(Exception): pass

class Node:
    def __init__(self, id, address, weight=1):
        self.id, self.address, self.weight, self.healthy = id, address, weight, True

class RoundRobin:
    def __init__(self, nodes): self.nodes = nodes
    def pick(self): return None

class SmoothWeightedRoundRobin(RoundRobin):
    def pick(self): return self.nodes[0]
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
    assert {e["node"] for e in of(events, "request.sent") if e["t"] < 10} == {""}
    assert {e["node"] for e in of(events, "request.sent") if e["t"] > 10} == {"a"}
