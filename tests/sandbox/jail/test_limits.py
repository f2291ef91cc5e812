"""The limits' own words."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from sandbox.limits import DEMO, JUDGE, MIB, Bound, Limits, mebibytes, seconds, whole


def test_a_bound_is_told_with_its_number() -> None:
    assert DEMO.text("memory") == "превышен лимит памяти: 128\N{NO-BREAK SPACE}МиБ"


def test_the_words_follow_the_number() -> None:
    assert replace(DEMO, memory=96 * MIB).text("memory").endswith("96\N{NO-BREAK SPACE}МиБ")


@pytest.mark.parametrize("limits", [DEMO, JUDGE])
def test_every_bound_has_words(limits: Limits) -> None:
    assert all(limits.text(bound) for bound in get_args(Bound))


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (mebibytes(128 * MIB), "128 МиБ"),
        (mebibytes(MIB + MIB // 2), "1,5 МиБ"),
        (seconds(0.5), "0,5 с"),
        (seconds(600.0), "600 с"),
        (whole(2000), "2000"),
        (whole(50_000), "50 000"),
    ],
)
def test_numbers_are_written_as_russian_print_does(told: str, words: str) -> None:
    assert told.replace("\N{NO-BREAK SPACE}", " ") == words
