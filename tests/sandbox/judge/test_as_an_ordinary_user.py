"""The judge with a pool of an ordinary user: no cgroups, no uids of its own, the same verdicts."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest

from sandbox import judge
from sandbox.host import Host
from sandbox.jobs import JudgeJob
from sandbox.limits import JUDGE
from sandbox.pool import Pool
from tests.sandbox.jail.conftest import as_nobody, host, open_folder, user_host
from tests.sandbox.judge.conftest import BREAKER, Judged
from tests.sandbox.judge.keeper import CASES, SOLUTION

__all__ = ["host", "open_folder", "user_host"]

CHEATS = Path(__file__).parent / "cheats"
# One of each way to fool it, and those that meet what an ordinary user's jail has less of: memory, processes.
TRIED = [
    "exit_code_zero_on_import",
    "patched_builtins",
    "forged_answers",
    "forged_verdict",
    "equal_to_everything",
    "frames_searched_for_answers",
    "judge_imported",
    "shadowed_modules",
    "everybody_killed",
    "parent_killed",
    "parent_stopped",
    "survivor",
    "spare_killed",
    "memory_eaten",
    "huge_list",
    "infinite_loop",
    "clock_set_forward",
]


@pytest.fixture
def as_user(user_host: Host) -> Any:
    """`as_user([(solution, cases), …])`: judge them one after another with one pool, as uid 65534."""

    def run(tasks: list[tuple[str, str]]) -> list[Judged]:
        def inside() -> list[tuple[Any, list[dict[str, Any]]]]:
            found = []
            with Pool(user_host, JUDGE, spare=1) as pool:
                for solution, cases in tasks:
                    log: list[dict[str, Any]] = []
                    job = JudgeJob("r" * 22, {"solution.py": solution}, cases, 1)
                    found.append((judge.run(job, pool.take, log.append, lambda: False), log))
            assert os.geteuid() != 0
            return found

        return [Judged(ending, log) for ending, log in as_nobody(inside)]

    return run


def test_the_honest_solutions_pass_for_an_ordinary_user(as_user: Any) -> None:
    breaker = (BREAKER / "exercise" / "cases.py").read_text(encoding="utf-8")
    reference = (BREAKER / "reference.py").read_text(encoding="utf-8")
    for told in as_user([(textwrap.dedent(SOLUTION), textwrap.dedent(CASES)), (reference, breaker)]):
        assert told.passed, told.told()


@pytest.mark.parametrize("name", TRIED)
def test_a_cheat_does_not_pass_for_an_ordinary_user_and_the_next_solution_does(
    as_user: Any, name: str
) -> None:
    text = (CHEATS / f"{name}.py").read_text(encoding="utf-8")
    cases = textwrap.dedent(CASES)
    cheat, honest = as_user([(text, cases), (textwrap.dedent(SOLUTION), cases)])
    assert not cheat.passed
    assert cheat.ending.state == "finished"
    assert text.splitlines()[1].removeprefix("# told: ") in cheat.told()
    assert honest.passed, honest.told()
