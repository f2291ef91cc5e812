"""The cluster client of lesson 3.1 before a real cluster: slots, redirects, broken connections."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis_cluster_nodes import FIRST, Nodes, running

from tests.content.lessons import lesson

LESSON = lesson("redis-cluster")
reference = LESSON.module("reference.py")
naive = LESSON.module("naive.py")
key_slot: Callable[[str | bytes], int] = reference.key_slot

keys_with_braces = st.text(st.sampled_from("{}abя:1"), max_size=12)
plain_keys = st.text(st.characters(exclude_characters="{}", codec="utf-8"), min_size=1, max_size=40)
fresh = count()


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with running() as cluster:
        yield cluster


class Bench:
    """A client, its connections, and where its commands went."""

    def __init__(self, nodes: Nodes, timeout: float = 2.0) -> None:
        self.nodes = nodes
        self.connections = reference.Connections(timeout)
        self.client = reference.ClusterClient(nodes.addresses[:1], self.send)
        self.client.refresh_every = 60.0
        self.sent: list[tuple[int, str, bool]] = []  # number of the node, command, asking

    async def send(self, node: str, *command: Any, asking: bool = False) -> Any:
        self.sent.append((self.nodes.addresses.index(node), str(command[0]), asking))
        return await self.connections.send(node, *command, asking=asking)

    def visits(self, command: str = "GET") -> list[int]:
        """Nodes that got the command, in order, since the last time this was asked."""
        visited = [number for number, sent, _ in self.sent if sent == command]
        self.sent.clear()
        return visited


def with_client(nodes: Nodes, work: Callable[[Bench], Awaitable[Any]], timeout: float = 2.0) -> Any:
    async def life() -> Any:
        bench = Bench(nodes, timeout)
        try:
            return await work(bench)
        finally:
            await bench.connections.aclose()

    return asyncio.run(life())


def family(size: int) -> list[str]:
    """New keys of one slot."""
    tag = f"{{tag-{next(fresh)}}}"
    return [f"{tag}:{number}" for number in range(size)]


async def fill(bench: Bench, keys: list[str]) -> int:
    """Store each key under its own name; their slot."""
    for key in keys:
        await bench.client.set(key, f"value of {key}")
    bench.sent.clear()
    return key_slot(keys[0])


# -- slots --------------------------------------------------------------------------------------------------


def bitwise_crc(data: bytes, start: int = 0) -> int:
    """CRC16 by the book: polynomial 0x1021, bit by bit."""
    crc = start
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_the_check_number_of_xmodem() -> None:
    assert key_slot("123456789") == 0x31C3 % 16384


@given(plain_keys)
def test_a_plain_key_is_hashed_whole(key: str) -> None:
    assert key_slot(key) == key_slot(key.encode()) == bitwise_crc(key.encode()) % 16384


@given(plain_keys, keys_with_braces, plain_keys)
def test_keys_with_one_tag_share_its_slot(tag: str, tail: str, head: str) -> None:
    assert key_slot(f"{head}{{{tag}}}{tail}") == key_slot(tag)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(keys=st.lists(keys_with_braces | plain_keys, min_size=1, max_size=8))
def test_the_server_counts_the_same_slots(nodes: Nodes, keys: list[str]) -> None:
    assert [key_slot(key) for key in keys] == [nodes.tell(0, "CLUSTER", "KEYSLOT", key) for key in keys]


@given(plain_keys)
def test_another_beginning_shifts_a_slot_by_a_number_of_its_length(key: str) -> None:
    shift = bitwise_crc(bytes(len(key.encode())), 0xFFFF) % 16384
    assert naive.key_slot(key) == key_slot(key) ^ shift


@pytest.mark.parametrize(("length", "percent"), [(4, 83), (10, 0), (36, 96), (9, 33)])
def test_how_often_the_shifted_slot_is_on_the_right_node(length: int, percent: int) -> None:
    """The text's and the question's numbers, for three nodes with equal shares."""
    shift = bitwise_crc(bytes(length), 0xFFFF) % 16384
    same = sum(owner(slot) == owner(slot ^ shift) for slot in range(16384))
    assert round(100 * same / 16384) == percent


def owner(slot: int) -> int:
    return sum(slot >= first for first in FIRST)


# -- commands -----------------------------------------------------------------------------------------------


def test_values_are_stored_read_and_deleted(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(3)
        await fill(bench, keys)
        assert await bench.client.get(keys[0]) == f"value of {keys[0]}".encode()
        assert await bench.client.delete(*keys, keys[0] + "?") == 3
        assert await bench.client.get(keys[0]) is None

    with_client(nodes, work)


def test_a_value_lives_as_long_as_it_was_told_to(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        (key,) = family(1)
        await bench.client.set(key, b"short", ttl=12.3456)
        left = nodes.tell(nodes.holder(key_slot(key)), "PTTL", key)
        assert 11_000 < left <= 12_346
        await bench.client.set(key, 7)
        assert nodes.tell(nodes.holder(key_slot(key)), "PTTL", key) == -1
        with pytest.raises(reference.ReplyError, match="invalid expire time"):
            await bench.client.set(key, 7, ttl=0)

    with_client(nodes, work)


def test_every_command_goes_straight_to_its_node_once_the_map_is_known(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        for number in range(40):
            key = f"straight:{number}"
            await bench.client.get(key)
            assert bench.visits() == [nodes.holder(key_slot(key))]

    with_client(nodes, work)


def test_a_hundred_first_commands_share_one_map(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        await asyncio.gather(*(bench.client.get(f"crowd:{number}") for number in range(100)))
        assert len(bench.visits("CLUSTER")) == 1

    with_client(nodes, work)


def test_keys_of_different_slots_are_refused_before_anything_is_sent(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        with pytest.raises(reference.CrossSlot, match="2 keys in 2 slots"):
            await bench.client.delete("one", "other")
        assert not bench.sent

    with_client(nodes, work)


def test_an_error_of_the_command_itself_reaches_the_caller_at_once(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(1)
        await fill(bench, keys)
        with pytest.raises(reference.ReplyError, match="ERR value is not an integer"):
            await bench.client.execute("INCR", keys[0], keys=keys)
        assert len(bench.visits("INCR")) == 1

    with_client(nodes, work)


# -- redirects ----------------------------------------------------------------------------------------------


def test_a_moved_slot_is_followed_and_remembered(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(5)
        slot = await fill(bench, keys)
        source, target = nodes.begin_move(slot)
        nodes.end_move(slot, source, target)
        assert await bench.client.get(keys[0]) == f"value of {keys[0]}".encode()
        assert bench.visits() == [source, target]
        assert await bench.client.get(keys[1]) == f"value of {keys[1]}".encode()
        assert bench.visits() == [target]

    with_client(nodes, work)


def test_a_hundred_that_hear_moved_ask_for_one_map_at_most(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(100)
        slot = await fill(bench, keys)
        bench.client.refresh_every = 3.0  # longer than a busy machine needs for what follows
        await asyncio.sleep(3.1)
        source, target = nodes.begin_move(slot)
        nodes.end_move(slot, source, target)
        assert None not in await asyncio.gather(*(bench.client.get(key) for key in keys))
        assert len(bench.visits("CLUSTER")) == 1

    with_client(nodes, work)


def test_ask_is_followed_with_asking_and_not_remembered(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(4)
        slot = await fill(bench, keys)
        source, target = nodes.begin_move(slot)
        nodes.carry(keys[:2], source, target)
        assert await bench.client.get(keys[0]) == f"value of {keys[0]}".encode()
        assert [(number, asking) for number, _, asking in bench.sent] == [(source, False), (target, True)]
        bench.sent.clear()
        assert await bench.client.get(keys[3]) == f"value of {keys[3]}".encode()
        assert bench.visits() == [source]
        nodes.end_move(slot, source, target)

    with_client(nodes, work)


def test_a_command_about_keys_on_both_sides_waits_for_the_move_to_end(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(3)
        slot = await fill(bench, keys)
        source, target = nodes.begin_move(slot)
        nodes.carry(keys[:1], source, target)
        bench.client.pause = 0.3
        waiting = asyncio.create_task(bench.client.execute("MGET", *keys, keys=keys))
        while not bench.sent:
            await asyncio.sleep(0.01)
        nodes.end_move(slot, source, target)
        assert await waiting == [f"value of {key}".encode() for key in keys]

    with_client(nodes, work)


def test_a_slot_that_never_arrives_is_given_up(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        keys = family(2)
        slot = await fill(bench, keys)
        source, target = nodes.begin_move(slot)
        nodes.carry(keys[:1], source, target)
        with pytest.raises(reference.TooManyRedirects, match="TRYAGAIN"):
            await bench.client.execute("MGET", *keys, keys=keys)
        assert len(bench.visits("MGET")) == 1 + bench.client.max_redirects
        nodes.end_move(slot, source, target)

    with_client(nodes, work)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moves=st.lists(st.tuples(st.integers(1, 5), st.integers(0, 4)), min_size=1, max_size=4))
def test_no_value_is_missed_whatever_moves(nodes: Nodes, moves: list[tuple[int, int]]) -> None:
    """Slots of so many keys set out, so many keys go, and everything is read and written on the way."""

    async def work(bench: Bench) -> None:
        known: dict[str, str] = {}
        for size, gone in moves:
            keys = family(size)
            slot = await fill(bench, keys)
            known |= {key: f"value of {key}" for key in keys}
            source, target = nodes.begin_move(slot)
            if keys[:gone]:
                nodes.carry(keys[:gone], source, target)
            for key in keys:
                assert await bench.client.get(key) == known[key].encode()
                known[key] = f"later {key}"
                await bench.client.set(key, known[key])
            nodes.end_move(slot, source, target)
            for key in known:
                assert await bench.client.get(key) == known[key].encode()

    with_client(nodes, work)


# -- nodes and connections that break -----------------------------------------------------------------------


def test_a_dead_node_is_refused_and_found_again(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        bench.client.refresh_every = 0.0
        key = next(key for key in (f"dead:{n}" for n in count()) if nodes.holder(key_slot(key)) == 0)
        await bench.client.set(key, "kept")
        nodes.stop_one(0)  # the seed, too
        await asyncio.sleep(0.1)  # its farewell is heard by the idle connections
        with pytest.raises(ConnectionRefusedError):
            await bench.client.get(key)
        other = next(key for key in (f"alive:{n}" for n in count()) if nodes.holder(key_slot(key)) == 1)
        assert await bench.client.get(other) is None
        nodes.start_one(0)
        nodes.wait_whole()
        assert await bench.client.get(key) == b"kept"

    with_client(nodes, work)


def test_a_client_begins_with_any_living_seed(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        bench.client = reference.ClusterClient(["127.0.0.1:1", nodes.addresses[1]], bench.connections.send)
        keys = family(1)
        await bench.client.set(keys[0], "here")
        assert await bench.client.get(keys[0]) == b"here"
        nobody = reference.ClusterClient(["127.0.0.1:1"], bench.connections.send)
        with pytest.raises(ConnectionRefusedError):
            await nobody.get(keys[0])

    with_client(nodes, work)


async def blocked(bench: Bench, seconds: float) -> tuple[asyncio.Task[Any], int]:
    """A command that waits at its node, and the number of the node."""
    (key,) = family(1)
    await bench.client.get(key)
    task = asyncio.create_task(bench.client.execute("BLPOP", key, seconds, keys=[key]))
    number = bench.nodes.holder(key_slot(key))
    while not int(bench.nodes.tell(number, "INFO", "clients")["blocked_clients"]):
        await asyncio.sleep(0.01)
    bench.sent.clear()
    return task, number


def test_a_command_cut_off_in_the_middle_is_not_sent_again(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        task, number = await blocked(bench, 1.5)
        nodes.tell(number, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
        with pytest.raises(ConnectionResetError):
            await task
        assert bench.visits("BLPOP") == []  # none after the one that was cut off

    with_client(nodes, work)


def test_silence_is_a_lost_connection_and_the_next_command_has_a_new_one(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        task, _ = await blocked(bench, 1.5)
        with pytest.raises(ConnectionResetError):
            await task
        keys = family(1)
        await fill(bench, keys)
        assert await bench.client.get(keys[0]) == f"value of {keys[0]}".encode()

    with_client(nodes, work, timeout=0.3)


def test_a_cancelled_command_leaves_no_answer_for_the_next(nodes: Nodes) -> None:
    async def work(bench: Bench) -> None:
        task, number = await blocked(bench, 0.4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.sleep(0.6)  # the late answer has come, if anybody still listens
        for one in range(30):
            assert await bench.client.get(f"after a cancellation:{one}") is None
        assert number in bench.visits()

    with_client(nodes, work)


# -- the demo and the text ----------------------------------------------------------------------------------


def told(events: list[dict[str, Any]], kind: str, **fields: Any) -> list[dict[str, Any]]:
    return [
        e for e in events if e["kind"] == kind and all(e[name] == value for name, value in fields.items())
    ]


def done(events: list[dict[str, Any]], begin: float, end: float) -> list[dict[str, Any]]:
    return [event for event in told(events, "request.done") if begin <= event["t"] < end]


def test_the_reference_loses_nothing_while_the_slot_moves() -> None:
    events = LESSON.run("reference")
    (moving,), (moved,) = told(events, "slot.moving"), told(events, "slot.moved")
    assert told(events, "hop.answered", answer="ask")
    assert told(events, "hop.answered", answer="moved")
    assert all(event["ok"] for event in done(events, moving["t"], moved["t"] + 5))
    assert done(events, moved["t"] + 4, moved["t"] + 5.5)[-1]["visits"] == 1


def test_one_dead_node_silences_all_and_a_setting_brings_two_thirds_back() -> None:
    events = LESSON.run("reference")
    silent = told(events, "node.state", state="fail")[-3]["t"]
    open_again = told(events, "control.set", name="partial")[0]["t"]
    back = told(events, "control.set", name="down", value="none")[0]["t"]
    assert not any(event["ok"] for event in done(events, silent + 1.2, open_again))
    outcomes = {event["ok"] for event in done(events, open_again + 0.6, back)}
    assert outcomes == {True, False}
    assert all(event["ok"] for event in done(events, back + 4.5, 43))


def test_the_naive_client_misses_slots_and_gives_redirects_to_its_caller() -> None:
    events = LESSON.run("naive")
    assert told(events, "key.missed")
    lost = [event for event in told(events, "request.done") if "MOVED" in event["error"]]
    assert len(lost) > len(told(events, "request.done")) / 3


def test_the_text_tells_what_the_recording_shows() -> None:
    events = LESSON.recording
    while_moving, silent, partly = done(events, 15, 26), done(events, 28.22, 33.3), done(events, 33.4, 37.05)
    assert (len(while_moving), sum(event["ok"] for event in while_moving)) == (44, 44)
    assert sum(event["visits"] > 1 for event in while_moving) == 7
    assert (len(silent), sum(event["ok"] for event in silent)) == (22, 0)
    assert (len(partly), sum(event["ok"] for event in partly)) == (14, 8)
    key_moments = (9.64, 17.41, 18.16, 20.56, 26.06, 28.13, 33.13, 39.11)
    assert all(f"moment:{moment}" in LESSON.text("lesson.md") for moment in key_moments)
    assert all(min(abs(event["t"] - moment) for event in events) < 0.01 for moment in key_moments)
