"""Warm jails: each used once, none lost, none left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox.host import Host
from sandbox.jail import Jail, JailFailed
from sandbox.pool import Pool, PoolClosed
from sandbox.processes import descendants
from tests.sandbox.runs import Listener, play, start

HELLO = "async def scenario(lab):\n    lab.emit('hello')"


@pytest.fixture
def pool(host: Host) -> Iterator[Pool]:
    with Pool(host, spare=2) as made:
        yield made


def eventually(condition: Callable[[], bool]) -> bool:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(0.01)
    return False


def children() -> set[int]:
    """Of any thread of ours: the pool has one of its own."""
    told = [path.read_text() for path in Path("/proc/self/task").glob("*/children")]
    return {int(word) for text in told for word in text.split()}


def test_a_jail_from_the_pool_runs_a_demo(pool: Pool) -> None:
    with pool.take() as jail:
        assert play(jail, HELLO).kinds() == ["run.started", "hello", "run.ended"]


def test_no_jail_is_given_twice(pool: Pool) -> None:
    seen = []
    for _ in range(5):
        with pool.take() as jail:
            seen.append(jail.process)
    assert len(set(seen)) == 5


def test_the_pool_refills_itself_after_a_taking(pool: Pool) -> None:
    assert eventually(lambda: pool.ready() == 2)
    with pool.take():
        assert eventually(lambda: pool.ready() == 2)


def test_while_half_of_the_spare_jails_stand_ready_a_run_is_left_alone_for_a_while(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sandbox.pool.CALM", 3600.0)
    assert eventually(lambda: pool.ready() == 2)
    known = children()
    with pool.take():
        time.sleep(0.3)  # a refill would begin after a tenth of that
        assert children() <= known


def test_when_fewer_stand_ready_the_pool_refills_at_once(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.pool.CALM", 3600.0)
    assert eventually(lambda: pool.ready() == 2)
    with pool.take(), pool.take():
        assert eventually(lambda: pool.ready() == 2)


def test_leaving_the_block_stops_the_jail(pool: Pool) -> None:
    with pool.take() as jail:
        inside = [jail.process, *descendants(jail.process)]
        assert len(inside) == 3
    assert eventually(lambda: not any(Path(f"/proc/{process}").exists() for process in inside))


def test_more_takers_than_warm_jails_are_all_served(pool: Pool) -> None:
    told: list[list[str]] = []

    def one() -> None:
        with pool.take() as jail:
            told.append(play(jail, HELLO).kinds())

    threads = [threading.Thread(target=one) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [["run.started", "hello", "run.ended"]] * 12


def test_many_jails_are_alive_at_once(pool: Pool) -> None:
    together = threading.Barrier(20)
    told = []

    def one() -> None:
        with pool.take() as jail:
            jail.send(
                start("import asyncio\nasync def scenario(lab):\n    await asyncio.sleep(1000)", pace=1.0)
            )
            Listener(jail).until("run.started")
            together.wait(60)
            told.append(jail.alive())

    threads = [threading.Thread(target=one) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == [True] * 20


def test_a_jail_outlives_the_thread_that_took_it(pool: Pool) -> None:
    taken: list[Jail] = []
    taking = threading.Thread(target=lambda: taken.append(pool._get(20)))
    taking.start()
    taking.join()
    time.sleep(0.2)
    assert play(taken[0], HELLO).one("run.ended")["state"] == "finished"
    taken[0].stop()


def test_a_warm_jail_that_died_is_not_given_out(pool: Pool) -> None:
    assert eventually(lambda: pool.ready() == 2)
    dead = [jail.process for jail in pool._ready]
    for process in dead:
        os.kill(process, signal.SIGTERM)
    assert eventually(lambda: not any(jail.alive() for jail in list(pool._ready) if jail.process in dead))
    with pool.take() as jail:
        assert jail.process not in dead
        assert play(jail, HELLO).one("run.ended")["state"] == "finished"


def test_closing_stops_the_idle_and_the_used(host: Host) -> None:
    pool = Pool(host, spare=1)
    with pool.take() as jail:
        jail.send(start("async def scenario(lab):\n    while True: pass"))
        Listener(jail).until("run.started")
        assert eventually(lambda: pool.ready() == 1)
        inside = [process for each in (jail, pool._ready[0]) for process in descendants(each.process)]
        pool.close()
        assert not any(Path(f"/proc/{process}").exists() for process in inside)
        assert jail.outcome().kind == "killed"


def test_closing_twice_is_harmless(pool: Pool) -> None:
    pool.close()
    pool.close()


def test_a_closed_pool_gives_out_no_jail(pool: Pool) -> None:
    pool.close()
    with pytest.raises(PoolClosed), pool.take():
        pass


def test_whoever_waits_when_the_pool_closes_is_told(host: Host) -> None:
    pool = Pool(replace(host, nsjail=Path("/bin/cat")), spare=0)  # starts, and never gets ready
    told: list[BaseException] = []

    def wait() -> None:
        try:
            with pool.take():
                pass
        except (PoolClosed, JailFailed) as error:
            told.append(error)

    waiting = threading.Thread(target=wait)
    waiting.start()
    pool.close()
    waiting.join()
    assert len(told) == 1


def test_a_machine_that_cannot_jail_is_told_to_the_taker(host: Host, tmp_path: Path) -> None:
    with (
        Pool(replace(host, root=tmp_path / "nowhere"), spare=1) as pool,
        pytest.raises(JailFailed, match="nowhere"),
        pool.take(),
    ):
        pass


def test_a_taker_waits_only_so_long(host: Host) -> None:
    with Pool(host, spare=0) as pool, pytest.raises(JailFailed), pool.take(timeout=0.001):
        pass


def test_no_descriptor_is_lost(host: Host) -> None:
    before = len(os.listdir("/proc/self/fd"))
    with Pool(host, spare=1) as pool:
        for _ in range(3):
            with pool.take() as jail:
                play(jail, HELLO)
    assert len(os.listdir("/proc/self/fd")) == before
