"""`make run` and `make test`: what they say when something is in the way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launch import console, data, setup
from launch.processes import Stack, check_port, free_port


def launch(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "launch", *words],
        cwd=setup.ROOT,
        env={**os.environ, **extra},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_taken_port_is_named_with_another_one_to_try() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = launch("run", PORT=str(port))
    assert done.returncode == 1
    assert f"порт {port} занят" in done.stdout
    assert f"PORT={port + 1} make run" in done.stdout


@pytest.mark.parametrize("port", ["восемь", "0", "70000"])
def test_a_port_that_is_no_port_stops_the_start_with_an_example(port: str) -> None:
    done = launch("run", PORT=port)
    assert done.returncode == 1
    assert "PORT=8000" in done.stdout


def test_an_unknown_command_lists_the_known_ones() -> None:
    done = launch("fly")
    assert done.returncode == 2
    assert "make run" in done.stdout


def test_a_free_port_is_let_through() -> None:
    check_port("127.0.0.1", free_port())


def test_a_failed_download_is_told_with_the_remedy_and_without_a_traceback(tmp_path: Path) -> None:
    with pytest.raises(console.Trouble) as trouble:
        console.quietly([sys.executable, "-c", "print('no route'); raise SystemExit(1)"], "проверьте сеть")
    assert "no route" in trouble.value.what
    assert trouble.value.remedy == "проверьте сеть"


def test_an_old_python_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 2))
    with pytest.raises(console.Trouble, match=r"3\.11"):
        setup.check_platform()


def test_too_long_a_path_of_the_socket_is_refused_before_valkey_fails(tmp_path: Path) -> None:
    with Stack(tmp_path / ("д" * 60), port=free_port()) as stack, pytest.raises(console.Trouble) as trouble:
        stack.start_valkey()
    assert "POLIGON_VAR" in trouble.value.remedy


def test_a_second_start_in_the_same_folder_says_that_the_first_still_runs(tmp_path: Path) -> None:
    with Stack(tmp_path, port=free_port()) as first, Stack(tmp_path, port=free_port()) as second:
        first.start_valkey()
        with pytest.raises(console.Trouble, match="уже работает"):
            second.start_valkey()


def test_what_the_launcher_started_ends_when_the_launcher_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from launch.processes import Stack\n"
        "stack = Stack(Path(sys.argv[1])); stack.start_valkey()\n"
        "print(stack.running['valkey'].pid, flush=True); time.sleep(60)"
    )
    launcher = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=setup.ROOT, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout
    valkey = int(launcher.stdout.readline())
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    for _ in range(200):
        if not Path(f"/proc/{valkey}").exists() or "Z" in Path(f"/proc/{valkey}/stat").read_text().split()[2]:
            return
        time.sleep(0.05)
    pytest.fail("Valkey outlived the launcher")


def test_a_process_that_dies_at_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Stack(tmp_path, port=free_port()) as stack:
        stack.spawn("web", [sys.executable, "-c", "raise SystemExit('нет базы')"])
        with pytest.raises(console.Trouble, match="нет базы"):
            stack.await_ready("web", lambda: False, 10)


def test_the_admins_style_sheet_is_among_what_collectstatic_depends_on() -> None:
    admin = next((setup.ROOT / "classroom" / "static").glob("*.css"))
    assert any(admin.is_relative_to(source) for source in data.static_sources())
