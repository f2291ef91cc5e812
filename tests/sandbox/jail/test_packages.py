"""Real parts in a jail: what lessons import, a Valkey cluster, an HTTP server; none of them outlives it."""

from __future__ import annotations

import importlib.metadata
import textwrap
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from sandbox import packages, root
from sandbox.host import Host
from sandbox.jail import Jail
from sandbox.limits import DEMO
from sandbox.processes import descendants
from tests.sandbox.jail.conftest import Attack
from tests.sandbox.runs import Listener, play, start

CLUSTER = textwrap.dedent(
    """
    import asyncio
    import os

    import redis.asyncio as redis
    from redis.asyncio.cluster import RedisCluster

    PORTS = (7001, 7002, 7003)
    OPTIONS = {"bind": "127.0.0.1", "save": "", "maxclients": "50", "maxmemory": "8mb",
               "cluster-enabled": "yes", "cluster-node-timeout": "1000"}


    async def node(port):
        os.mkdir(f"/tmp/{port}")
        words = [word for name, value in OPTIONS.items() for word in ("--" + name, value)]
        return await asyncio.create_subprocess_exec(
            "valkey-server", "--port", str(port), "--dir", f"/tmp/{port}", *words,
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
        )


    async def answers(link):
        while True:
            try:
                return await link.ping()
            except redis.ConnectionError:
                await asyncio.sleep(0.02)


    async def until(links, state, known=3):
        while True:
            told = [await link.cluster("INFO") for link in links]
            agreed = all(one["cluster_state"] == state for one in told)
            if agreed and all(int(one["cluster_known_nodes"]) == known for one in told):
                return
            await asyncio.sleep(0.05)


    async def cluster():
        nodes = [await node(port) for port in PORTS]
        links = [redis.Redis(port=port, decode_responses=True) for port in PORTS]
        for number, link in enumerate(links):
            await answers(link)
            first, beyond = (16384 * n // 3 for n in (number, number + 1))
            await link.execute_command("CLUSTER", "ADDSLOTSRANGE", first, beyond - 1)
        for port in PORTS[1:]:
            await links[0].execute_command("CLUSTER", "MEET", "127.0.0.1", port)
        await until(links, "ok")
        return nodes, links
    """
)

WHOLE = """
async def scenario(lab):
    nodes, links = await cluster()
    lab.emit("formed")
    client = RedisCluster(host="127.0.0.1", port=7001, decode_responses=True)
    for n in range(60):
        await client.set(f"key-{n}", n)
    lab.emit("spread", keys=[await link.dbsize() for link in links])
    nodes[1].kill()
    lab.emit("killed", code=await nodes[1].wait())
    await until([links[0], links[2]], "fail")
    lab.emit("seen")
    await client.aclose()
    for link in links:
        await link.aclose()
    for left in (nodes[0], nodes[2]):
        left.terminate()
        lab.emit("ended", code=await left.wait())
"""


def test_three_real_valkey_nodes_form_a_cluster_and_see_one_die(attack: Attack) -> None:
    told = attack(CLUSTER + WHOLE, clock="real", duration=60.0)
    kinds = ["run.started", "formed", "spread", "killed", "seen", "ended", "ended", "run.ended"]
    assert told.kinds() == kinds, told.raw
    keys = told.one("spread")["keys"]
    assert sum(keys) == 60
    assert min(keys) > 0
    assert told.one("killed")["code"] == -9
    assert [event["code"] for event in told.events if event["kind"] == "ended"] == [0, 0]
    assert told.one("run.ended")["state"] == "finished"


def test_children_of_a_scenario_die_with_the_jail(host: Host) -> None:
    waits = (
        "async def scenario(lab):\n    await cluster()\n    lab.emit('formed')\n    await asyncio.sleep(60)\n"
    )
    with Jail(host, DEMO) as jail:
        jail.wait_ready()
        jail.send(start(CLUSTER + waits, clock="real"))
        Listener(jail).until("formed")
        inside = descendants(jail.process)
        assert len(inside) >= 5  # process 1, the scenario's, three nodes
    assert not [process for process in inside if Path(f"/proc/{process}").exists()]


def test_a_scenario_that_leaves_a_child_behind_still_ends_with_it(attack: Attack) -> None:
    told = attack(
        CLUSTER + "async def scenario(lab):\n    lab.emit('left', process=(await node(7001)).pid)",
        clock="real",
    )
    assert told.one("run.ended")["state"] == "finished"
    assert told.outcome.kind == "exited"


def test_httpx_speaks_to_a_server_in_the_jail(attack: Attack) -> None:
    told = attack(
        """
        import asyncio, httpx

        async def serve(reader, writer):
            path = (await reader.readuntil(b"\\r\\n\\r\\n")).split()[1]
            if path == b"/slow":
                await asyncio.sleep(5)
            writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: %d\\r\\n\\r\\n%b" % (len(path), path))
            writer.close()

        async def scenario(lab):
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=0.2) as client:
                answers = await asyncio.gather(*(client.get(f"/{n}") for n in range(20)))
                lab.emit("got", texts=[answer.text for answer in answers])
                try:
                    await client.get("/slow")
                except httpx.ReadTimeout:
                    lab.emit("late")
            server.close()
        """,
        clock="real",
    )
    assert told.kinds() == ["run.started", "got", "late", "run.ended"], told.raw
    assert told.one("got")["texts"] == [f"/{n}" for n in range(20)]


def test_threads_work_beside_the_loop_on_the_real_clock(attack: Attack) -> None:
    told = attack(
        """
        import asyncio, threading, time

        def work(n):
            time.sleep(0.05)
            return n, threading.current_thread() is threading.main_thread()

        async def scenario(lab):
            done = await asyncio.gather(*(asyncio.to_thread(work, n) for n in range(8)))
            lab.emit("done", numbers=[n for n, _ in done], in_main=[main for _, main in done])
        """,
        clock="real",
    )
    assert told.one("done")["numbers"] == list(range(8)), told.raw
    assert not any(told.one("done")["in_main"])


def test_tokens_are_signed_and_refused_in_the_jail(attack: Attack) -> None:
    told = attack(
        """
        import jwt

        async def scenario(lab):
            key = "k" * 32
            token = jwt.encode({"sub": "alice"}, key, algorithm="HS256")
            lab.emit("read", sub=jwt.decode(token, key, algorithms=["HS256"])["sub"])
            try:
                jwt.decode(token, "x" * 32, algorithms=["HS256"])
            except jwt.InvalidSignatureError:
                lab.emit("refused")
        """
    )
    assert told.kinds() == ["run.started", "read", "refused", "run.ended"], told.raw


def test_a_package_knows_its_version_in_the_jail(host: Host) -> None:
    asks = "import redis\nasync def scenario(lab):\n    lab.emit('is', version=redis.__version__)"
    with Jail(host, DEMO) as jail:
        assert play(jail, asks).one("is")["version"] == importlib.metadata.version("redis")


def test_a_warm_jail_has_imported_no_package_in_advance(host: Host) -> None:
    looks = """
        import sys
        SEEN = sorted({name.split(".")[0] for name in sys.modules})
        async def scenario(lab):
            for name in SEEN:
                lab.emit("has", name=name)
    """
    with Jail(host, DEMO) as jail:
        seen = {event.get("name") for event in play(jail, looks).events}
    assert "asyncio" in seen
    assert not seen & (packages.import_names() | {"anyio", "certifi", "h11", "httpcore", "idna"})


def test_only_what_is_pinned_for_lessons_is_there(host: Host) -> None:
    folder = host.root / root.PACKAGES.lstrip("/")
    named = {
        path.name.removesuffix(".py") for path in folder.iterdir() if not path.name.endswith(".dist-info")
    }
    named.discard("__pycache__")
    assert named == {
        "anyio", "certifi", "h11", "httpcore", "httpx", "idna", "jwt", "redis", "typing_extensions"
    }  # fmt: skip


def test_lessons_may_ask_for_what_is_pinned_and_for_nothing_else() -> None:
    assert packages.import_names() == {"httpx", "jwt", "redis"}


@pytest.fixture
def pin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """requirements-jail.txt, to be written by a test."""
    path = tmp_path / "requirements-jail.txt"
    path.write_text(packages.PINS.read_text())
    monkeypatch.setattr(packages, "PINS", path)
    return path


@pytest.mark.parametrize("line", ["no-such-package==1.0", "pyjwt==0.0.1"])
def test_a_package_that_is_not_installed_is_told_with_its_remedy(
    pin: Path, tmp_path: Path, line: str
) -> None:
    pin.write_text(f"{line}  # a lesson's\n")
    with pytest.raises(root.RootFailed, match=rf"{Requirement(line)}.*pip install -r requirements.txt"):
        root.ensure(tmp_path)


def test_another_list_of_packages_makes_another_root(pin: Path) -> None:
    before = root.digest()
    pin.write_text("".join(pin.read_text().splitlines(keepends=True)[:-1]))
    assert root.digest() != before
