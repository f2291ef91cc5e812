"""What a judge's jail lives through while it gets warm, before anything of a learner's comes."""

from __future__ import annotations

import asyncio
import json
import random

from sandbox.guest import practice
from tests.sandbox.judge.conftest import Judge

NAMES = """
import asyncio

class Named:
    async def name(self):
        return asyncio.current_task().get_name()
"""
ASKED = """
from sandbox.judge import Case, case


@case("Имя задачи")
async def named(c: Case) -> None:
    named = await c.new("Named")
    c.returned(await c.call(named, "name"), "call-2", "Имя задачи")
"""


def test_every_practised_life_is_the_same() -> None:
    first, *others = practice.practise()
    assert others
    assert set(others) == {first}


def test_a_practised_life_goes_through_every_request_without_a_failure() -> None:
    answers = [json.loads(line) for line in practice.practise()[0].splitlines()]
    assert [answer.get("id") or answer["stub"] for answer in answers] == [
        *("world", "1", "a"),  # made, watched
        *("service", "2", "wait"),  # a call that succeeds
        *("service", "3", "heard", "b"),  # one that fails while time passes
        *("service", "4", "heard", "wait"),  # one more
        *("5", "c"),  # one that is refused; a look
    ]
    assert not [answer for answer in answers if "outcome" in answer and "error" in answer["outcome"]]
    refused = answers[-2]["ended"][0][2]
    assert refused["error"]["type"] == "Refused"


def test_practice_leaves_no_loop_and_no_drawn_number_behind() -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)
    practice.practise()
    assert random.random() == expected
    assert asyncio._get_running_loop() is None


def test_practice_does_not_count_into_the_names_of_the_learners_tasks(judged: Judge) -> None:
    assert judged(NAMES, ASKED).passed
