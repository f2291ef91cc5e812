"""Submissions that try to pass without working, or to take the judge down: none passes, all are told why.

One file per cheat in `cheats/`: its docstring is the promise it attacks, `# told:` what the learner reads.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sandbox.judge.conftest import Judge
from tests.sandbox.judge.keeper import CASES, SOLUTION

CHEATS = sorted((Path(__file__).parent / "cheats").glob("*.py"))


def test_an_honest_solution_passes(judged: Judge) -> None:
    told = judged(SOLUTION, CASES)
    assert told.passed, told.told()


def test_there_are_cheats_enough() -> None:
    assert len(CHEATS) >= 20


@pytest.mark.parametrize("path", CHEATS, ids=lambda path: path.stem)
def test_a_cheat_does_not_pass_and_is_told_why(judged: Judge, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    promised = text.splitlines()[1].removeprefix("# told: ")
    told = judged(text, CASES)
    assert not told.passed
    assert told.ending.state == "finished"
    assert len(told.all("case.failed")) + len(told.all("case.passed")) == 5
    assert promised in told.told()


@pytest.mark.parametrize("name", ["survivor", "everybody_killed", "shadowed_modules"])
def test_after_a_cheat_the_next_solution_is_judged_in_a_clean_jail(judged: Judge, name: str) -> None:
    cheat = next(path for path in CHEATS if path.stem == name)
    assert not judged(cheat.read_text(encoding="utf-8"), CASES).passed
    assert judged(SOLUTION, CASES).passed
