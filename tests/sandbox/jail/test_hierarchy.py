"""Where control groups are made: in the part of the tree that was handed to the worker."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from sandbox import cgroups, hierarchy
from sandbox.host import Host
from sandbox.limits import DEMO
from tests.sandbox.jail.conftest import as_nobody


def group(folder: Path, *, handed_over: bool = False) -> Path:
    """A folder with the marks and files by which version 2's groups are told; anybody may write."""
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    for name in ("cgroup.procs", "cgroup.subtree_control"):
        (folder / name).touch()
        (folder / name).chmod(0o666)
    if handed_over:
        os.setxattr(folder, "user.delegate", b"1")
    return folder


@pytest.fixture
def tree(open_folder: Path, tmp_path: Path) -> Path:
    return group(open_folder / tmp_path.name)


def test_groups_lie_in_the_service_that_was_handed_to_us(tree: Path) -> None:
    service = group(tree / "system.slice" / "worker.service", handed_over=True)
    assert hierarchy.base_of(tree, "/system.slice/worker.service") == service


def test_who_was_moved_aside_still_finds_the_service(tree: Path) -> None:
    service = group(tree / "worker.service", handed_over=True)
    group(service / hierarchy.ASIDE)
    assert hierarchy.base_of(tree, f"/worker.service/{hierarchy.ASIDE}") == service


def test_an_ordinary_user_makes_groups_where_they_were_handed_to_that_user(tree: Path) -> None:
    service = group(tree / "worker.service", handed_over=True)
    assert as_nobody(lambda: hierarchy.base_of(tree, "/worker.service")) == service


def test_a_group_handed_to_somebody_else_is_left_alone(tree: Path) -> None:
    service = group(tree / "worker.service", handed_over=True)
    for folder in (tree, service):
        for file in folder.glob("cgroup.*"):
            file.chmod(0o644)

    def refused() -> bool:
        with pytest.raises(hierarchy.NoCgroups, match="Delegate=yes"):
            hierarchy.base_of(tree, "/worker.service")
        return True

    assert os.geteuid() != 0 or as_nobody(refused)


@pytest.mark.parametrize("own", ["/../{}-other.service", "/never.service", "/plain.service"])
def test_where_nothing_was_handed_over_groups_lie_at_the_top(tree: Path, own: str) -> None:
    group(tree.parent / f"{tree.name}-other.service", handed_over=True)
    group(tree / "plain.service")
    assert hierarchy.base_of(tree, own.format(tree.name)) == tree


def test_a_group_is_made_after_the_last_neighbour_has_left(host: Host) -> None:
    assert host.cgroups, host.no_cgroups
    cgroups.find().leave()
    made = host.cgroups.make(DEMO)
    assert all(Path(door).exists() for door in made.doors)
    made.remove()


def test_who_leaves_is_back_where_they_were_before(host: Host) -> None:
    """systemd starts a service's next command in the group that its doctor used."""
    assert host.cgroups, host.no_cgroups
    code = """
        from sandbox import cgroups
        own = lambda: open("/proc/self/cgroup").read()
        before = own()
        cgroups.find().leave()
        print(own() == before)
    """
    host.cgroups.leave()  # or we, and the child with us, would be aside already
    words = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_killing_a_group_ends_what_is_in_it(host: Host) -> None:
    assert host.cgroups, host.no_cgroups
    made = host.cgroups.make(DEMO)
    enter = 'for door; do echo 0 >"$door"; done; sleep 100 & echo; wait'
    with subprocess.Popen(["/bin/sh", "-c", enter, "sh", *made.doors], stdout=subprocess.PIPE) as shell:
        assert shell.stdout
        shell.stdout.readline()
        assert len(made.processes()) == 2
        made.kill()
        assert made.processes() == []
    made.remove()


def test_the_groups_we_made_are_known_until_they_are_removed(host: Host) -> None:
    assert host.cgroups, host.no_cgroups
    made = host.cgroups.make(DEMO)
    assert {Path(door).parent for door in made.doors} <= set(host.cgroups.made())
    made.remove()
    assert not {Path(door).parent for door in made.doors} & set(host.cgroups.made())
