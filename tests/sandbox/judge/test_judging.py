"""A judging from start to verdict: what its log holds, and whose fault is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sandbox.jail import Jail, JailFailed
from sandbox.judge.grading import Judging
from sandbox.pool import Pool
from tests.sandbox.judge.conftest import Judge
from tests.sandbox.judge.keeper import CASES, SOLUTION

HEAD = "from sandbox.judge import Case, case\n\n\n"

TWO_CASES = (
    HEAD
    + """
@case("Первый")
async def first(c: Case) -> None:
    c.equal(await c.get(c.module, "ONE"), 1, "Единица")


@case("Второй", hint="Двойка пишется цифрой.")
async def second(c: Case) -> None:
    c.emit("look.begun", name="TWO")
    c.equal(await c.get(c.module, "TWO"), 2, "Двойка")
"""
)


def test_the_log_tells_each_case_as_it_ends_and_the_verdict_last(judged: Judge) -> None:
    told = judged("ONE, TWO = 1, 2", TWO_CASES)
    assert told.kinds() == [
        "judge.started",
        "case.started",
        "case.passed",
        "case.started",
        "case.passed",
        "verdict",
    ]
    assert told.log[0]["cases"] == ["Первый", "Второй"]
    assert told.verdict["passed"] == told.verdict["total"] == 2
    assert told.ending.state == "finished"
    assert told.ending.reason == "done"


def test_time_in_the_log_never_goes_back(judged: Judge) -> None:
    times = [event["t"] for event in judged(SOLUTION, CASES).log]
    assert times == sorted(times)


def test_one_bad_case_does_not_erase_the_others(judged: Judge) -> None:
    told = judged("ONE, TWO = 0, 2", TWO_CASES)
    assert told.failed_titles() == {"Первый"}
    assert [event["title"] for event in told.all("case.passed")] == ["Второй"]


def test_a_failure_shows_what_was_done_expected_and_got_after_its_trace(judged: Judge) -> None:
    told = judged("ONE, TWO = 1, 'два'", TWO_CASES)
    failure = told.failure
    assert (failure["message"], failure["expected"], failure["got"]) == ("Двойка", "2", "'два'")
    assert failure["hint"] == "Двойка пишется цифрой."
    assert failure["inputs"] == ["0\u00a0с: solution.TWO → 'два'"]
    (traced,) = told.all("case.trace")
    assert (traced["case"], traced["event_kind"], json.loads(traced["event"])) == (
        2,
        "look.begun",
        {"name": "TWO"},
    )
    assert told.log.index(traced) < told.log.index(failure)


def test_a_syntax_error_is_told_with_its_line_and_fails_every_case(judged: Judge) -> None:
    told = judged("ONE = 1\nTWO = = 2\n", TWO_CASES)
    assert len(told.all("case.failed")) == 2
    for failure in told.all("case.failed"):
        assert failure["message"] == "решение не компилируется"
        assert failure["got"] == "строка\u00a02: invalid syntax — TWO = = 2"


def test_an_error_on_import_is_told_with_its_line_and_fails_every_case(judged: Judge) -> None:
    told = judged("ONE = 1\nTWO = nowhere\n", TWO_CASES)
    assert len(told.all("case.failed")) == 2
    assert "NameError: name 'nowhere' is not defined (строка\u00a02 решения)" in told.told()


def test_a_name_that_is_missing_is_called_by_its_name(judged: Judge) -> None:
    told = judged("class Other: ...", CASES)
    assert "в решении нет имени Keeper" in told.told()


def test_other_files_of_the_submission_can_be_imported(judged: Judge) -> None:
    told = judged("from helper import *", TWO_CASES, files={"helper.py": "ONE, TWO = 1, 2"})
    assert told.passed


def test_what_makes_worlds_imports_nothing_of_the_learner_s(judged: Judge) -> None:
    """A file beside the solution cannot stand in for a module that the parent of the worlds needs."""
    trap = {"ctypes.py": "raise SystemExit('the parent runs the code of the learner')"}
    told = judged("ONE, TWO = 1, 2", TWO_CASES, files=trap)
    assert told.passed


def test_each_case_sees_a_module_of_its_own(judged: Judge) -> None:
    cases = HEAD + "\n".join(
        f"""
@case("Номер {n}")
async def number_{n}(c: Case) -> None:
    c.returned(await c.call(c.module, "count"), 1, "Счёт")
"""
        for n in range(3)
    )
    told = judged(
        "import builtins\nbuiltins.seen = getattr(builtins, 'seen', 0) + 1\ndef count(): return seen", cases
    )
    assert told.passed


def test_a_world_that_dies_does_not_take_the_next_case_with_it(judged: Judge) -> None:
    told = judged("import os\nTWO = 2\ndef __getattr__(name): os._exit(3)", TWO_CASES)
    assert told.failure["message"] == "решение само завершило свой процесс (код 3)"
    assert [event["title"] for event in told.all("case.passed")] == ["Второй"]


def test_a_jail_that_still_works_is_used_for_the_next_case(judged: Judge, pool: Pool) -> None:
    taken = []

    @contextmanager
    def take() -> Iterator[Jail]:
        with pool.take() as jail:
            taken.append(jail)
            yield jail

    assert judged(SOLUTION, CASES, take=take).passed
    assert len(taken) == 1


def test_a_jail_that_broke_is_replaced(judged: Judge, pool: Pool) -> None:
    taken = []

    @contextmanager
    def take() -> Iterator[Jail]:
        with pool.take() as jail:
            taken.append(jail)
            yield jail

    solution = SOLUTION + "\n    def add(self, number):\n        while True: pass\n"
    told = judged(solution, CASES, take=take)
    assert {event["title"] for event in told.all("case.passed")} == {
        "Удваивает ответ сервиса",
        "Зовёт сервис не раньше срока",
    }
    assert len(taken) > 1
    assert len(set(taken)) == len(taken)


def test_seeds_make_the_numbers_and_the_same_seed_the_same_ones(judged: Judge) -> None:
    cases = (
        HEAD
        + """
@case("Случай")
async def chance(c: Case) -> None:
    await c.call(c.module, "keep", c.random.randrange(10**9))
    c.check(False, "всегда", got=await c.get(c.module, "theirs"))
"""
    )
    solution = "import random\ntheirs = random.randrange(10**9)\ndef keep(number): return number"
    first, again, other = (judged(solution, cases, seed=seed).failure for seed in (5, 5, 6))
    assert (first["inputs"], first["got"]) == (again["inputs"], again["got"])
    assert first["inputs"] != other["inputs"]
    assert first["got"] != other["got"]


def test_a_property_tells_how_many_seeds_passed_and_traces_the_smallest_failure(judged: Judge) -> None:
    cases = (
        HEAD
        + """
@case("Свойство", seeds=10)
async def holds(c: Case) -> None:
    for number in range(c.size):
        c.emit("step.taken", number=number)
        c.returned(await c.call(c.module, "echo", number), number, "Эхо")
"""
    )
    told = judged("def echo(number): return min(number, 5)", cases)
    assert (told.failure["seeds_passed"], told.failure["seeds"]) == (6, 10)
    assert len(told.all("case.trace")) == 7


def test_printed_text_stands_among_the_inputs_and_decides_nothing(judged: Judge) -> None:
    told = judged("print('ONE = 1')\nONE = 0\nTWO = 2", TWO_CASES)
    assert told.failed_titles() == {"Первый"}
    assert any("print: ONE = 1" in line for line in told.failure["inputs"])


def test_text_for_terminals_is_shown_as_text(judged: Judge) -> None:
    told = judged("ONE = 1\nTWO = '\\x1b[2J<b>\\u202e\\ud800'", TWO_CASES)
    assert told.failure["got"] == "'\\x1b[2J<b>\\u202e\\ud800'"
    json.dumps(told.log, ensure_ascii=False).encode()


def test_a_case_that_breaks_is_our_fault_and_never_a_pass(judged: Judge) -> None:
    cases = (
        HEAD
        + """
@case("Сломанный")
async def broken(c: Case) -> None:
    1 / 0
"""
    )
    told = judged("ONE = 1", cases)
    assert told.failure["ours"] is True
    assert not told.passed


def test_cases_that_do_not_load_are_our_fault_and_judge_nothing(judged: Judge) -> None:
    with pytest.raises(ZeroDivisionError):
        judged("ONE = 1", "1 / 0")


def test_no_jail_to_be_had_is_our_fault(judged: Judge) -> None:
    @contextmanager
    def take() -> Iterator[Jail]:
        raise JailFailed("нет песочниц")
        yield

    with pytest.raises(JailFailed):
        judged("ONE = 1", TWO_CASES, take=take)


def test_a_stopped_judging_ends_before_the_next_case(judged: Judge) -> None:
    stop = threading.Event()
    told = judged("ONE, TWO = 1, 2", TWO_CASES, stopped=lambda: stop.is_set() or bool(stop.set()))
    assert told.kinds() == ["judge.started", "case.started", "case.passed"]
    assert (told.ending.state, told.ending.reason) == ("stopped", "owner")


WATCHED = (
    HEAD
    + """
@case("Один, единица и правда равны, но не одно и то же")
async def kinds(c: Case) -> None:
    box = await c.new("Box")
    await c.watch(box, "held")
    seen = []
    for name in ("one", "one", "whole", "true"):
        await c.call(box, name)
        seen.append(repr(c.watched[0]))
    c.equal(seen, ["1", "1", "1.0", "True"], "Что видно")
"""
)
BOX = """
class Box:
    def one(self): self.held = 1
    def whole(self): self.held = 1.0
    def true(self): self.held = True
"""


def test_a_watched_attribute_is_told_anew_when_only_its_type_has_changed(judged: Judge) -> None:
    assert judged(BOX, WATCHED).passed


def test_a_file_that_begins_with_a_byte_order_mark_is_judged_as_any_other(judged: Judge) -> None:
    assert judged("\ufeffONE, TWO = 1, 2", TWO_CASES).passed


@pytest.mark.parametrize("text", ["x = " + "-" * 100_000 + "1", "x = " + "(" * 150 + ")" * 150])
def test_a_file_too_deep_for_the_compiler_is_told_so_in_words(judged: Judge, text: str) -> None:
    told = judged(text, TWO_CASES)
    assert not told.passed
    assert all(event["got"].strip() for event in told.all("case.failed"))


def test_an_import_that_fails_leaves_its_jail_in_order(
    judged: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[object] = []
    release = Judging.release
    monkeypatch.setattr(Judging, "release", lambda judging: (given_up.append(judging), release(judging)))
    told = judged("raise KeyError('нет такого')", TWO_CASES)
    assert "KeyError" in told.told()
    assert len(given_up) == 1, "only at the judging's end"


def test_half_a_character_in_print_is_shown_as_its_code(judged: Judge) -> None:
    told = judged("print('\\ud800')\nONE, TWO = 0, 2", TWO_CASES)
    text = json.dumps(told.log, ensure_ascii=False)
    text.encode()
    assert "\\\\ud800" in text


def test_an_answer_that_cannot_be_told_leaves_its_jail_in_order(
    judged: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up: list[object] = []
    release = Judging.release
    monkeypatch.setattr(Judging, "release", lambda judging: (given_up.append(judging), release(judging)))
    told = judged(
        "def f():\n    return [None] * 100_000",
        HEAD + "@case('Ответ')\nasync def f(c: Case) -> None:\n    await c.call(c.module, 'f')\n",
    )
    assert told.failure["message"] == "ответ слишком велик"
    assert len(given_up) == 1, "only at the judging's end"
