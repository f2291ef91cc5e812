"""The exercise of lesson 5.1 proves its grader: right solutions pass, wrong ones fail for what they say."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from sandbox.judge.grading import load
from tests.sandbox.judge.conftest import BREAKER, Judge

EXERCISE = BREAKER / "exercise"
WRONG = sorted((EXERCISE / "wrong").glob("*.py"))
HONEST = sorted((Path(__file__).parent / "honest").glob("*.py"))
MODEL = "agrees_with_the_rules"  # random schedules: whether they meet one mistake is not promised


def names_of(cases: str) -> dict[str, str]:
    """Function names by title."""
    return {spec.title: spec.name for spec in load(cases)}


def promised(text: str) -> set[str]:
    """The cases that a wrong solution's first line names."""
    first = text.splitlines()[0]
    assert first.startswith("# fails: ")
    return set(first.removeprefix("# fails: ").split(", "))


@pytest.mark.parametrize("seed", [1, 7, 2026])
def test_the_reference_passes_every_case(judged: Judge, breaker_cases: str, seed: int) -> None:
    told = judged((BREAKER / "reference.py").read_text(encoding="utf-8"), breaker_cases, seed=seed)
    assert told.passed, told.told()


@pytest.mark.parametrize("path", HONEST, ids=lambda path: path.stem)
def test_an_honest_solution_of_another_style_passes(judged: Judge, breaker_cases: str, path: Path) -> None:
    told = judged(path.read_text(encoding="utf-8"), breaker_cases)
    assert told.passed, told.told()


def test_the_starter_runs_and_fails(judged: Judge, breaker_cases: str) -> None:
    told = judged((EXERCISE / "starter.py").read_text(encoding="utf-8"), breaker_cases)
    assert 0 < told.verdict["passed"] < told.verdict["total"]


def test_the_naive_variant_fails_for_the_mistakes_the_lesson_explains(
    judged: Judge, breaker_cases: str
) -> None:
    told = judged((BREAKER / "naive.py").read_text(encoding="utf-8"), breaker_cases)
    names = names_of(breaker_cases)
    failed = {names[title] for title in told.failed_titles()}
    assert failed >= {"runs_in_parallel", "probe_goes_through", "one_probe_at_a_time"}


@pytest.mark.parametrize("path", WRONG, ids=lambda path: path.stem)
def test_a_wrong_solution_fails_for_the_reason_it_names(
    judged: Judge, breaker_cases: str, path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    told = judged(text, breaker_cases, seed=3)
    names = names_of(breaker_cases)
    assert {names[title] for title in told.failed_titles()} - {MODEL} == promised(text)


def test_there_are_cases_and_wrong_solutions_enough(breaker_cases: str) -> None:
    assert len(load(breaker_cases)) >= 14
    assert len(WRONG) >= 6


def test_each_wrong_solution_is_caught_by_the_case_that_is_aimed_at_it(breaker_cases: str) -> None:
    aimed = {name: spec.name for spec in load(breaker_cases) for name in spec.fails}
    for path in WRONG:
        assert aimed[path.stem] in promised(path.read_text(encoding="utf-8"))


def test_failures_show_inputs_and_a_trace_in_the_events_of_the_scene(
    judged: Judge, breaker_cases: str
) -> None:
    told = judged((EXERCISE / "wrong" / "crowd_of_probes.py").read_text(encoding="utf-8"), breaker_cases)
    declared = tomllib.loads((BREAKER / "demo.toml").read_text(encoding="utf-8"))["kinds"]
    failure = next(event for event in told.all("case.failed") if "Проба всегда одна" in event["title"])
    traced = [event for event in told.all("case.trace") if event["case"] == failure["n"]]
    assert {event["event_kind"] for event in traced} >= {
        "world.ready",
        "call.sent",
        "call.passed",
        "breaker.state",
    }
    for event in traced:
        assert set(json.loads(event["event"])) == set(declared[event["event_kind"]]["fields"])
    assert [event["at"] for event in traced] == sorted(event["at"] for event in traced)
    assert any("breaker = CircuitBreaker('orders'" in line for line in failure["inputs"])
    assert failure["at"] > 0
    assert told.log.index(failure) > told.log.index(traced[-1])


def test_a_property_tells_how_many_schedules_passed(judged: Judge, breaker_cases: str) -> None:
    told = judged((EXERCISE / "wrong" / "crowd_of_probes.py").read_text(encoding="utf-8"), breaker_cases)
    failure = told.all("case.failed")[-1]
    assert failure["seeds"] == 12
    assert 0 <= failure["seeds_passed"] < 12
