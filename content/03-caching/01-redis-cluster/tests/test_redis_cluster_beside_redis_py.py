"""The lesson's client beside redis-py's RedisCluster: the same slots and values, and a slot that moves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from redis import exceptions
from redis.asyncio.cluster import RedisCluster
from redis.crc import key_slot as peer_slot
from redis_cluster_nodes import Nodes, running

from tests.content.lessons import lesson

reference = lesson("redis-cluster").module("reference.py")
names = st.binary(min_size=1, max_size=20) | st.text(st.sampled_from("{}ab:1"), min_size=1).map(str.encode)
READS = 20


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with running() as cluster:
        yield cluster


def with_both(nodes: Nodes, work: Callable[[Any, RedisCluster], Awaitable[Any]]) -> Any:
    async def life() -> Any:
        connections = reference.Connections()
        peer = RedisCluster(host="127.0.0.1", port=nodes.ports[0])
        try:
            await peer.initialize()
            return await work(reference.ClusterClient(nodes.addresses, connections.send), peer)
        finally:
            await peer.aclose()
            await connections.aclose()

    return asyncio.run(life())


@given(names)
def test_both_count_the_same_slot(key: bytes) -> None:
    assert reference.key_slot(key) == peer_slot(key)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pairs=st.dictionaries(names, st.binary(max_size=30), min_size=1, max_size=10))
def test_each_reads_what_the_other_wrote(nodes: Nodes, pairs: dict[bytes, bytes]) -> None:
    async def work(ours: Any, peer: RedisCluster) -> None:
        for number, (key, value) in enumerate(pairs.items()):
            await (ours.set(key, value) if number % 2 else peer.set(key, value))
        for key, value in pairs.items():
            assert await ours.get(key) == await peer.get(key) == value
            await peer.delete(key)
            assert await ours.delete(key) == 0

    with_both(nodes, work)


def test_both_refuse_keys_of_different_slots(nodes: Nodes) -> None:
    async def work(ours: Any, peer: RedisCluster) -> None:
        with pytest.raises(reference.CrossSlot):
            await ours.execute("MGET", "one", "other", keys=["one", "other"])
        with pytest.raises(exceptions.RedisClusterException):
            await peer.mget("one", "other")

    with_both(nodes, work)


@pytest.mark.parametrize(("crowd", "lost"), [(1, 0), (60, READS * 3)])
def test_redis_py_loses_asking_among_its_connections_and_ours_does_not(
    nodes: Nodes, crowd: int, lost: int
) -> None:
    """What the lesson says of redis-py 8.1.0. When this fails, the library is mended: change the text."""

    async def work(ours: Any, peer: RedisCluster) -> None:
        keys = [f"{{asking-{crowd}}}:{number}" for number in range(6)]
        for key in keys:
            await ours.set(key, key)
        for client in (ours, peer):  # so many connections are open now
            await asyncio.gather(*(client.get(f"warm:{number}") for number in range(crowd)))
        slot = reference.key_slot(keys[0])
        source, target = nodes.begin_move(slot)
        nodes.carry(keys[:3], source, target)
        failed = 0
        for key in keys * READS:
            assert await ours.get(key) == key.encode()
            try:
                assert await peer.get(key) == key.encode()
            except exceptions.ClusterError:
                failed += 1
        nodes.end_move(slot, source, target)
        assert failed == lost

    with_both(nodes, work)
