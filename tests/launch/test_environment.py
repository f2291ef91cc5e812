"""Settings from the environment: a bad value stops the start, named, with the remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from coursesite.environment import ROOT, BadSetting, load


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "mysql://localhost"),
        ("DATABASE_URL", "oracle://localhost"),
        ("DATABASE_URL", "sqlite://"),
        ("CONTENT_DIR", "/нет/такой"),
        ("DEBUG", "наверное"),
        ("LOCAL", "2"),
        ("WORKER_CONCURRENCY", "много"),
        ("WORKER_CONCURRENCY", "0"),
        ("SECRET_KEY", "short"),
    ],
)
def test_a_bad_value_is_named_with_its_remedy(name: str, value: str, tmp_path: Path) -> None:
    env = {"POLIGON_VAR": str(tmp_path), "LOCAL": "1", name: value}
    with pytest.raises(BadSetting) as bad:
        load(env)
    assert bad.value.name == name
    assert bad.value.remedy


def test_a_short_secret_is_not_printed(tmp_path: Path) -> None:
    with pytest.raises(BadSetting) as bad:
        load({"POLIGON_VAR": str(tmp_path), "SECRET_KEY": "hunter2"})
    assert "hunter2" not in str(bad.value)


def test_on_one_persons_machine_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    env = {"POLIGON_VAR": str(tmp_path), "LOCAL": "1"}
    assert load(env).secret_key == load(env).secret_key
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0


def test_elsewhere_a_missing_secret_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="SECRET_KEY"):
        load({"POLIGON_VAR": str(tmp_path)})


def test_a_worker_reads_its_settings_without_any_secret(tmp_path: Path) -> None:
    assert load({"POLIGON_VAR": str(tmp_path)}, with_secret=False).secret_key == ""


def test_a_command_says_which_setting_is_bad_without_a_traceback(tmp_path: Path) -> None:
    env = {**os.environ, "POLIGON_VAR": str(tmp_path), "LOCAL": "0", "SECRET_KEY": ""}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"], env=env, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 1
    assert "SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr
