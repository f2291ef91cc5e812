"""The connection that waits: whatever Valkey answers is understood, in whatever pieces it comes."""

from __future__ import annotations

import asyncio

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from sandbox.tail import Incomplete, Tail, TailError, bulk, parse, parse_news

Streams = list[tuple[bytes, list[tuple[int, list[bytes]]]]]


def answer(streams: Streams) -> bytes:
    """An answer to XREAD, written out."""
    out = b"*%d\r\n" % len(streams)
    for key, entries in streams:
        out += b"*2\r\n" + bulk(key) + b"*%d\r\n" % len(entries)
        for seq, words in entries:
            out += b"*2\r\n" + bulk(b"%d-0" % seq) + b"*%d\r\n" % len(words) + b"".join(map(bulk, words))
    return out


words = st.lists(st.binary(max_size=20), min_size=2, max_size=4) | st.tuples(
    st.just(b"e"), st.binary(max_size=50)
).map(list)
entries = st.lists(st.tuples(st.integers(0, 10**6), words), min_size=1, max_size=4)
answers = st.lists(st.tuples(st.binary(min_size=1, max_size=20), entries), min_size=1, max_size=4)


@given(answers)
def test_the_fast_way_of_parsing_says_what_the_plain_one_says(streams: Streams) -> None:
    data = bytearray(answer(streams))
    assert parse_news(data) == parse(data, 0)
    assert parse_news(data)[1] == len(data)


@given(answers, st.data())
def test_a_cut_answer_is_waited_for(streams: Streams, data: st.DataObject) -> None:
    whole = answer(streams)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(Incomplete):
        parse_news(bytearray(whole[:cut]))


async def test_news_of_several_streams_come_together(client: redis.Redis, clean_valkey: str) -> None:
    client.xadd("one", {"e": "a\r\nb"}, id="3-0")
    client.xadd("two", {"e": "x" * 200_000}, id="5-0")
    client.xadd("two", {"other": "1", "more": "2"}, id="6-0")
    tail = Tail(clean_valkey, block=1)
    news = await tail.read([(bulk(b"one"), b"0"), (bulk(b"two"), b"0"), (bulk(b"none"), b"0")])
    tail.close()
    assert news == [
        [b"one", [[b"3-0", [b"e", b"a\r\nb"]]]],
        [b"two", [[b"5-0", [b"e", b"x" * 200_000]], [b"6-0", [b"other", b"1", b"more", b"2"]]]],
    ]


async def test_no_news_is_an_empty_answer(client: redis.Redis, clean_valkey: str) -> None:
    tail = Tail(clean_valkey, block=0.05)
    assert await tail.read([(bulk(b"none"), b"0")]) == []
    tail.close()


async def test_an_error_is_raised_and_the_next_read_connects_again(
    client: redis.Redis, clean_valkey: str
) -> None:
    client.set("text", "not a stream")
    tail = Tail(clean_valkey, block=0.05)
    with pytest.raises(TailError, match="WRONGTYPE"):
        await tail.read([(bulk(b"text"), b"0")])
    assert await tail.read([(bulk(b"none"), b"0")]) == []
    tail.close()


async def test_a_connection_that_is_cut_is_noticed_at_once(client: redis.Redis, clean_valkey: str) -> None:
    tail = Tail(clean_valkey, block=30)
    reading = asyncio.create_task(tail.read([(bulk(b"none"), b"0")]))
    await asyncio.sleep(0.05)
    client.client_kill_filter(_type="normal", skipme=True)
    with pytest.raises(TailError):
        await asyncio.wait_for(reading, 5)


async def test_nobody_there_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        await Tail("unix:///nowhere/valkey.sock", block=1).read([(bulk(b"none"), b"0")])
