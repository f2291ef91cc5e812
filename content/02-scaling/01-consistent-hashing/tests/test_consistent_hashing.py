"""The ring of lesson 2.1: its rules by properties, a peer beside it, and the demo's promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import sqrt
from typing import Any

import pytest
import uhashring
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.guest import rehearsal
from tests.content.lessons import Event, lesson

LESSON = lesson("consistent-hashing")
reference, naive = LESSON.module("reference.py"), LESSON.module("naive.py")
HashRing, Rendezvous, ShardManager = reference.HashRing, reference.Rendezvous, reference.ShardManager
NoShards, ShardError, stable_hash = reference.NoShards, reference.ShardError, reference.stable_hash

KEYS = [f"basket-{number}" for number in range(400)]
both = pytest.mark.parametrize("kind", [HashRing, Rendezvous])
shards = st.dictionaries(st.sampled_from("ABCDEFGH"), st.integers(1, 4), min_size=1)


def ring_of(weights: dict[str, int], kind: Any = HashRing, vnodes: int = 8, **options: Any) -> Any:
    ring = kind(vnodes, **options)
    for name, weight in weights.items():
        ring.add(name, weight)
    return ring


def owners(ring: Any, keys: list[str] = KEYS) -> list[str]:
    return [ring.owner(key) for key in keys]


# -- who owns what --------------------------------------------------------------------------------------


def test_the_hash_is_the_same_on_every_machine() -> None:
    assert stable_hash("basket-17") == 0xA519FAACFBD0A3AD


def slow_owner(ring: Any, place: Callable[[str], int], key: str) -> str:
    """The rule, word for word: the nearest point strictly ahead, around the circle; then the alphabet."""

    def ahead(point: tuple[int, str]) -> tuple[int, str]:
        return ((point[0] - place(key) - 1) % 2**64, point[1])

    points = [
        (place(f"{name}-{i}"), name)
        for name, weight in ring.shards.items()
        for i in range(weight * ring.vnodes)
    ]
    return min(points, key=ahead)[1]


@settings(deadline=None)
@given(weights=shards, modulus=st.sampled_from([2**64, 50, 7]))
def test_the_owner_is_the_nearest_point_ahead(weights: dict[str, int], modulus: int) -> None:
    def place(text: str) -> int:
        return int(stable_hash(text) % modulus)

    ring = ring_of(weights, vnodes=3, hash=place)
    for key in KEYS[:60]:
        assert ring.owner(key) == slow_owner(ring, place, key)


@both
@settings(deadline=None)
@given(weights=shards, order=st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_nothing_even_where_points_meet(
    kind: Any, weights: dict[str, int], order: Any
) -> None:
    names = sorted(weights)
    order.shuffle(names)
    coarse = {"hash": lambda text: stable_hash(text) % 40}
    one, other = ring_of(weights, kind, **coarse), ring_of({n: weights[n] for n in names}, kind, **coarse)
    assert owners(one) == owners(other)


@both
@settings(deadline=None)
@given(weights=shards, newcomer=st.integers(1, 4))
def test_keys_move_only_to_the_newcomer_and_back_when_it_leaves(
    kind: Any, weights: dict[str, int], newcomer: int
) -> None:
    ring = ring_of(weights, kind)
    before = owners(ring)
    ring.add("Z", newcomer)
    after = owners(ring)
    assert {a for a, b in zip(after, before, strict=True) if a != b} <= {"Z"}
    ring.remove("Z")
    assert owners(ring) == before


@both
def test_the_share_that_moves_is_the_share_of_the_newcomer(kind: Any) -> None:
    ring = ring_of(dict.fromkeys("ABCDEFGHI", 1), kind, vnodes=160)
    keys = [f"key-{number}" for number in range(20_000)]
    before = owners(ring, keys)
    ring.add("Z")
    moved = sum(a != b for a, b in zip(before, owners(ring, keys), strict=True))
    assert moved / len(keys) == pytest.approx(1 / 10, rel=0.2)


@pytest.mark.parametrize("vnodes", [1, 4, 64])
def test_shares_spread_as_the_formula_says(vnodes: int) -> None:
    """The share of a shard is Beta(V, (N − 1) V): measured by arcs, over many rings."""
    count, squares = 6, []
    for salt in range(120):
        ring = ring_of({f"{salt}:{n}": 1 for n in range(count)}, vnodes=vnodes)
        arcs: Counter[str] = Counter()
        for (here, _), (there, name) in zip(ring._points, ring._points[1:] + ring._points[:1], strict=True):
            arcs[name] += (there - here) % 2**64 or 2**64
        squares += [(count * arcs[name] / 2**64 - 1) ** 2 for name in ring.shards]
    measured = sqrt(sum(squares) / len(squares))
    assert measured == pytest.approx(sqrt((count - 1) / (count * vnodes + 1)), rel=0.12)


@both
def test_a_weight_is_a_share(kind: Any) -> None:
    ring = ring_of({"A": 3, "B": 1, "C": 2}, kind, vnodes=400)
    counted = Counter(owners(ring, [f"key-{number}" for number in range(20_000)]))
    for name, share in {"A": 1 / 2, "B": 1 / 6, "C": 1 / 3}.items():
        assert counted[name] / 20_000 == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize("end", [0, 2**64 - 1])
def test_scores_are_finite_at_the_ends_of_the_hash(end: int) -> None:
    assert ring_of({"A": 1, "B": 2}, Rendezvous, hash=lambda text: end).owner("key") == "B"


@both
def test_an_empty_ring_has_no_owners(kind: Any) -> None:
    ring = ring_of({"A": 1}, kind)
    ring.remove("A")
    with pytest.raises(NoShards):
        ring.owner("basket-1")


@both
def test_nonsense_is_refused_and_changes_nothing(kind: Any) -> None:
    ring = ring_of({"A": 2, "B": 1}, kind)
    before = owners(ring)
    for wrong in (lambda: ring.add("A"), lambda: ring.remove("Z")):
        with pytest.raises(ShardError):
            wrong()
    with pytest.raises(ValueError, match="weight=0"):
        ring.add("C", 0)
    with pytest.raises(ValueError, match="vnodes=0"):
        kind(0)
    assert (ring.shards, owners(ring)) == ({"A": 2, "B": 1}, before)


# -- beside uhashring -----------------------------------------------------------------------------------


@settings(deadline=None)
@given(weights=shards, leaving=st.integers(0, 7), newcomer=st.integers(1, 3))
def test_uhashring_names_the_same_owners(weights: dict[str, int], leaving: int, newcomer: int) -> None:
    """Given our hash it is the same ring: points `name-i`, the next one strictly ahead."""
    ours = ring_of(weights, vnodes=20)
    theirs = uhashring.HashRing(dict(weights), vnodes=20, hash_fn=stable_hash)
    gone = sorted(weights)[leaving % len(weights)]
    assert owners(ours) == [theirs.get_node(key) for key in KEYS]
    ours.add("Z", newcomer)
    theirs.add_node("Z", {"weight": newcomer})
    assert owners(ours) == [theirs.get_node(key) for key in KEYS]
    ours.remove(gone)
    theirs.remove_node(gone)
    assert owners(ours) == [theirs.get_node(key) for key in KEYS]


# -- the manager ----------------------------------------------------------------------------------------

steps = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "crash", "write", "delete"]), st.integers(0, 99)), max_size=40
)


@both
@settings(deadline=None)
@given(steps=steps)
def test_every_value_is_at_its_owner_and_nowhere_else_whatever_happens(
    kind: Any, steps: list[tuple[str, int]]
) -> None:
    manager, values = ShardManager(kind(4)), dict[str, int]()
    manager.add_shard("A")
    for number, (what, chance) in enumerate(steps):
        names, away = sorted(manager.shards), [n for n in "ABCDEF" if n not in manager.shards]
        key, name = f"basket-{chance}", names[chance % len(names)]
        before = {one: manager.get_shard(one) for one in values}
        if what == "write":
            manager.store(key, number)
            values[key] = number
        elif what == "delete" and key in values:
            manager.delete(key)
            del values[key]
        elif what == "delete":
            with pytest.raises(KeyError):
                manager.delete(key)
        elif what == "join" and away:
            moved = manager.add_shard(away[0], 1 + chance % 3)
            assert moved == sum(manager.get_shard(one) != shard for one, shard in before.items())
        elif what == "leave" and len(names) > 1:
            assert manager.remove_shard(name) == list(before.values()).count(name)
        elif what == "crash" and len(names) > 1:
            assert manager.drop_shard(name) == list(before.values()).count(name)
            values = {one: value for one, value in values.items() if before[one] != name}
        assert set(manager.shards) == set(manager.ring.shards)
        for one, value in values.items():
            assert [n for n, held in manager.shards.items() if one in held] == [manager.get_shard(one)]
            assert manager.retrieve(one) == value
        assert sum(map(len, manager.shards.values())) == len(values)


def filled(names: str = "ABC", **options: Any) -> Any:
    manager = ShardManager(ring_of(dict.fromkeys(names, 1)), **options)
    for key in KEYS[:100]:
        manager.store(key, key.upper())
    return manager


class Breaks(dict[str, str]):
    """A shard whose line is cut after so many values."""

    left = 5

    def __setitem__(self, key: str, value: str) -> None:
        if self.left == 0:
            raise ConnectionError
        self.left -= 1
        super().__setitem__(key, value)


def test_a_line_cut_while_keys_move_leaves_everything_as_it_was() -> None:
    broken = Breaks()
    manager = filled(open_store=lambda name: broken if name == "Z" else {})
    before = {name: dict(store) for name, store in manager.shards.items()}
    with pytest.raises(ConnectionError):
        manager.add_shard("Z")
    assert (manager.shards, set(manager.ring.shards), broken) == (before, set("ABC"), {})
    broken.left = 100
    assert manager.add_shard("Z") == len(broken) > 5


def test_every_key_is_found_at_every_step_of_a_move() -> None:
    manager: Any = None

    class Watched(dict[str, str]):
        def __setitem__(self, key: str, value: str) -> None:
            super().__setitem__(key, value)
            check()

        def __delitem__(self, key: str) -> None:
            super().__delitem__(key)
            check()

    def check() -> None:
        if manager:
            assert [manager.retrieve(key) for key in KEYS[:100]] == [key.upper() for key in KEYS[:100]]

    manager = filled(open_store=lambda name: Watched())
    assert manager.add_shard("D") > 0
    assert manager.remove_shard("A") > 0


def test_the_last_shard_stays_while_it_holds_anything() -> None:
    manager = filled("A")
    with pytest.raises(NoShards):
        manager.remove_shard("A")
    assert manager.retrieve(KEYS[0]) == KEYS[0].upper()
    for key in KEYS[:100]:
        manager.delete(key)
    assert manager.remove_shard("A") == 0


@pytest.mark.parametrize(("method", "name"), [("add_shard", "A"), ("remove_shard", "Z"), ("drop_shard", "Z")])
def test_a_wrong_name_costs_nothing(method: str, name: str) -> None:
    manager = filled()
    with pytest.raises(ShardError):
        getattr(manager, method)(name)
    assert [manager.retrieve(key) for key in KEYS[:100]] == [key.upper() for key in KEYS[:100]]


# -- the demo ------------------------------------------------------------------------------------------


def of(events: list[Event], kind: str, **fields: Any) -> list[Event]:
    return [e for e in events if e["kind"] == kind and fields.items() <= e.items()]


def cost(events: list[Event], cause: str, shard: str = "") -> Event:
    return of(events, "change.measured", cause=cause, shard=shard)[0]


def carried(events: list[Event], since: float) -> list[Event]:
    """Baskets of the change that began at this second."""
    end = next(e["t"] for e in of(events, "change.measured") if e["t"] >= since)
    return [e for e in of(events, "key.moved") if since <= e["t"] <= end]


def test_the_figures_of_the_text_are_those_of_the_run() -> None:
    events = LESSON.run("reference")
    at = of(events, "ring.seen", cause="start")[0]["at"]
    assert (at.count("B"), at.count("A")) == (122, 15)
    assert (cost(events, "start")["spread"], cost(events, "start")["spread_model"]) == (69.1, 77.5)
    joined = cost(events, "join", "E")
    assert (joined["moved"], joined["model"], joined["fullest"]) == (45.8, 20.0, 2.4)
    assert [(e["source"], e["target"]) for e in carried(events, 5)] == [("B", "E")] * 110
    rebuilt = cost(events, "rebuild")
    assert (rebuilt["t"], rebuilt["spread"], rebuilt["spread_model"], rebuilt["fullest"]) == (
        14,
        16.3,
        11.2,
        1.3,
    )
    joined = cost(events, "join", "F")
    assert (joined["moved"], joined["model"]) == (17.5, 16.7)
    assert len(carried(events, 20)) == 42
    assert {e["source"] for e in carried(events, 20)} == set("ABCDE")
    assert cost(events, "crash", "B")["missing"] == 37
    assert len(carried(events, 39)) == 42
    assert cost(events, "leave", "F")["t"] == 40.68


def test_the_reference_loses_nothing_but_what_burned() -> None:
    events = LESSON.run("reference")
    burned = of(events, "ring.seen", cause="crash")[0]["at"]
    for read in of(events, "key.read"):
        assert read["found"] or (read["t"] > 30 and burned[read["id"]] == "-")


def test_the_naive_variant_makes_the_mistakes_told_in_the_text() -> None:
    events = LESSON.run("naive")
    joined = cost(events, "join", "E")
    assert (joined["moved"], joined["missing"], joined["t"]) == (76.7, 184, 5)
    assert not carried(events, 5)
    assert len(carried(events, 39)) == 151
    assert cost(events, "leave", "F")["t"] == pytest.approx(39 + 151 * 0.04)
    reads = [e["found"] for e in of(events, "key.read") if 5 < e["t"] < 14]
    assert sum(reads) / len(reads) < 0.4


def test_the_remainder_is_more_even_than_the_ring() -> None:
    assert cost(LESSON.run("naive"), "start")["spread"] < cost(LESSON.run("reference"), "rebuild")["spread"]


def test_the_prompt_can_be_done() -> None:
    fullest = [cost(LESSON.run("reference", vnodes=n), "start")["fullest"] for n in (1, 128)]
    assert fullest[0] > 1.2 >= fullest[1]


def test_a_hot_basket_keeps_one_shard_busy_on_an_even_ring() -> None:
    events = LESSON.run("reference", hot=80, vnodes=128)
    reads = Counter(e["shard"] for e in of(events, "key.read") if e["t"] < 5)
    assert reads.most_common(1)[0][1] > 0.7 * reads.total()
    assert cost(events, "start")["fullest"] < 1.3


def test_the_readers_hand_takes_a_control_from_the_story() -> None:
    events = LESSON.run("reference", ((3.0, "shards", 2),))
    assert [e["shard"] for e in of(events, "change.started") if e["t"] < 30] == ["C", "D"]
    assert of(events, "ring.seen")[-1]["shards"] == "A"


def test_a_burned_shard_may_be_replaced_by_an_empty_one() -> None:
    events = LESSON.run("reference", ((2.0, "crash", True), (4.0, "crash", False)))
    assert [(e["cause"], e["shard"]) for e in of(events, "change.started")[:2]] == [
        ("crash", "B"),
        ("join", "B"),
    ]
    assert cost(events, "join", "B")["missing"] == cost(events, "crash", "B")["missing"] > 0


def test_a_weight_changes_the_share_and_the_model_follows() -> None:
    events = LESSON.run("reference", weight=4, vnodes=128)
    held = Counter(of(events, "ring.seen")[0]["at"])
    assert held["A"] > 100
    assert cost(events, "join", "E")["model"] == 12.5


MINE = """
class HashRing:
    def __init__(self, vnodes, hash=None): self.shards = {}
    def add(self, shard, weight=1): self.shards[shard] = weight
    def remove(self, shard): del self.shards[shard]
    def owner(self, key): return 42

class ShardManager:
    def __init__(self, ring, open_store=None): self.shards, self.kept = {}, {}
    def get_shard(self, key): return 42
    def store(self, key, value): self.kept[key] = value
    def retrieve(self, key): return self.kept[key]
    def add_shard(self, name, weight=1): self.shards[name] = {}
    def remove_shard(self, name): self.shards.pop(name)
    drop_shard = remove_shard
"""


def test_a_reader_may_bring_a_ring_that_answers_nonsense() -> None:
    demo = LESSON.demo
    events = rehearsal.run(
        {"demo.py": LESSON.code("demo.py"), "reference.py": MINE},
        seed=1,
        duration=demo["duration"],
        controls={c["name"]: c["default"] for c in demo["controls"]},
    )
    assert events[-1]["state"] == "finished"
    assert set(of(events, "ring.seen")[0]["owners"]) == {"?"}
