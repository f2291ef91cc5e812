"""The doctor tries the promises and says what it found."""

from __future__ import annotations

import pytest

from sandbox import doctor
from sandbox import host as hosts
from sandbox.host import Host
from tests.sandbox.jail.conftest import as_nobody


def test_every_promise_holds_on_this_machine(host: Host) -> None:
    assert [found.text for found in doctor.examine(host) if not found.holds] == []


def test_every_promise_that_is_tried_holds_for_an_ordinary_user(user_host: Host) -> None:
    found = as_nobody(lambda: [found.text for found in doctor.examine(user_host) if not found.holds])
    assert found == []


def test_an_ordinary_users_jails_say_what_they_lack(user_host: Host) -> None:
    lacking = [protection for protection in user_host.protections() if not protection.holds]
    assert len(lacking) == 3
    assert all(protection.note for protection in lacking)


def test_the_doctors_word_is_good_here(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, host: Host
) -> None:
    monkeypatch.setenv("POLIGON_VAR", str(host.root.parents[1]))
    assert hosts.var() == host.root.parents[1]
    assert doctor.main() == 0
    assert "✗" not in capsys.readouterr().out or not host.is_root


def test_every_further_promise_holds_on_this_machine(host: Host) -> None:
    assert [found.text for found in doctor.examine_further(host) if not found.holds] == []


def test_every_further_promise_holds_for_an_ordinary_user(user_host: Host) -> None:
    held = as_nobody(lambda: [found.text for found in doctor.examine_further(user_host) if not found.holds])
    assert held == []


def test_a_folder_that_nsjail_cannot_make_read_only_has_a_remedy() -> None:
    said = "mount('/tmp/nsjail.1.root', MS_REMOUNT|MS_BIND|MS_RDONLY): Operation not permitted"
    assert "POLIGON_VAR" in doctor._remedy(said)
    assert "POLIGON_VAR" not in doctor._remedy("clone(flags=CLONE_NEWNS) failed: Operation not permitted")
