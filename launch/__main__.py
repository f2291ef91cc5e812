"""`python3 -m launch run | test | bench | check | front`: what the Makefile calls."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

from launch import console, setup
from launch.console import Trouble, say, step
from launch.processes import Stack, check_port


def _port() -> int:
    raw = os.environ.get("PORT", "8000")
    if not raw.isdigit() or not 1 <= int(raw) <= 65535:
        raise Trouble(f"PORT={raw!r} — не номер порта", "задайте число от 1 до 65535, например PORT=8000")
    return int(raw)


def run() -> int:
    """Set everything up and serve the site until Ctrl-C."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # a shell may have told us to ignore Ctrl-C
        signal.signal(number, _interrupt)
    host, port = os.environ.get("HOST", "127.0.0.1"), _port()
    var = Path(os.environ.get("POLIGON_VAR", setup.ROOT / "var")).resolve()
    say("Полигон: подготовка")
    setup.check_platform()
    check_port(host, port)
    setup.packages(tests=False)
    setup.front_end()
    with Stack(var, host=host, port=port) as stack:
        report = setup.jail_root(stack.env)
        with step("Запускаю Valkey"):
            stack.start_valkey()
        setup.site_data(stack.env)
        with step("Запускаю исполнителя прогонов (Celery)"):
            stack.start_worker()
        with step("Запускаю сайт"):
            stack.start_web()
        say("\n" + report.strip())
        say(f"\nГотово: {stack.url}\n{_accounts(stack)}Остановить: Ctrl-C. Журналы: {stack.log}\n")
        try:
            while (name := stack.fallen()) is None:
                time.sleep(0.5)
        except KeyboardInterrupt:
            say("\nОстанавливаю…")
            return 0
        raise Trouble(
            f"процесс «{name}» неожиданно завершился", f"посмотрите {stack.log / name}.log и запустите снова"
        )


def _accounts(stack: Stack) -> str:
    shown = stack.var / "demo-accounts.txt"
    return shown.read_text() if shown.exists() else ""


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def test(words: list[str]) -> int:
    """Set everything up and run the tests; words go to pytest."""
    say("Полигон: подготовка к тестам")
    setup.check_platform()
    setup.packages(tests=True)
    setup.front_end()
    chromium = setup.browser()
    say("Полигон: тесты")
    env = {**os.environ, "POLIGON_CHROMIUM": str(chromium)}
    return subprocess.call([str(setup.PYTHON), "-m", "pytest", *words], cwd=setup.ROOT, env=env)


def bench(words: list[str]) -> int:
    """Set everything up and measure; words choose the benches."""
    setup.check_platform()
    setup.packages(tests=True)
    setup.front_end()
    env = {**os.environ, "POLIGON_CHROMIUM": str(setup.browser())}
    return subprocess.call([str(setup.PYTHON), "-m", "bench", *words], cwd=setup.ROOT, env=env)


def check() -> int:
    """Only the checks of the code."""
    setup.check_platform()
    setup.packages(tests=True)
    return subprocess.call([str(setup.PYTHON), "-m", "pytest", "tests/habits"], cwd=setup.ROOT)


def front() -> int:
    """Only the front-end build."""
    setup.packages(tests=False)
    setup.front_end()
    return 0


def main(words: list[str]) -> int:
    console.utf8()
    commands = {"run": run, "check": check, "front": front}
    try:
        match words:
            case ["test", *rest]:
                return test(rest)
            case ["bench", *rest]:
                return bench(rest)
            case [name] if name in commands:
                return commands[name]()
        say("Что сделать: make run, make test, make bench, make check или make front")
        return 2
    except Trouble as trouble:
        say(f"\nНе получилось: {trouble.what}\nЧто делать: {trouble.remedy}")
        return 1
    except KeyboardInterrupt:
        say("\nОстановлено.")
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
