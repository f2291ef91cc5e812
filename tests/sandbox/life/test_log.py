"""The log in Valkey: appended once, in order, read from anywhere."""

from __future__ import annotations

import json

import pytest
import redis

from sandbox.models import new_id
from sandbox.stream import Batch, Log, OutOfOrder, encode, lines_of


@pytest.fixture
def log(client: redis.Redis) -> Log:
    log = Log(client, new_id(), 1)
    seq = 0
    for size in (1, 3, 2, 4):  # events 1, 2-4, 5-6, 7-10
        lines = [encode(seq + i, float(seq + i), "tick", {"текст": "ёж"}) for i in range(1, size + 1)]
        seq += size
        log.append(seq, lines)
    return log


def seqs(log: Log, after: int = 0, count: int = 500) -> list[int]:
    return [json.loads(line)["seq"] for line in lines_of(log.read(after, count))]


def test_a_log_is_read_back_as_it_was_written(log: Log) -> None:
    assert seqs(log) == list(range(1, 11))


@pytest.mark.parametrize("after", range(11))
def test_a_log_is_read_from_any_event_even_inside_a_batch(log: Log, after: int) -> None:
    assert seqs(log, after) == list(range(after + 1, 11))


def test_a_long_log_is_read_in_parts_without_a_seam(log: Log) -> None:
    assert seqs(log, 2, count=2) == list(range(3, 11))


def test_the_tail_of_a_log_is_its_newest_batch(log: Log) -> None:
    tail = log.tail()
    assert tail is not None
    assert (tail.before, tail.last) == (6, 10)


def test_a_batch_sent_twice_is_refused(log: Log) -> None:
    with pytest.raises(OutOfOrder):
        log.append(10, [b"{}"])


def test_an_older_batch_is_refused(log: Log) -> None:
    with pytest.raises(OutOfOrder):
        log.append(4, [b"{}"])


def test_a_batch_is_cut_at_any_event() -> None:
    batch = Batch(9, 3, b"7\n8\n9")
    assert batch.after(6) is batch
    assert batch.after(8) == Batch(9, 1, b"9")
    assert batch.after(9).lines() == []
