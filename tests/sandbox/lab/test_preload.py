"""What a lesson says it needs is imported before the learner's code."""

from __future__ import annotations

import pytest

from sandbox.jail import Jail
from tests.sandbox.runs import play

LOOKS = """
    import sys
    FOUND = "jwt" in sys.modules
    async def scenario(lab):
        lab.emit("found", found=FOUND)
"""


@pytest.mark.parametrize("clock", ["virtual", "real"])
def test_a_package_is_there_before_the_code(jail: Jail, clock: str) -> None:
    assert play(jail, LOOKS, clock=clock, preload=["jwt"]).one("found")["found"] is True


def test_nothing_is_imported_unasked(jail: Jail) -> None:
    assert play(jail, LOOKS).one("found")["found"] is False
