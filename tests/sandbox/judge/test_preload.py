"""Packages that an exercise needs are imported once, before its worlds are forked."""

from __future__ import annotations

import dataclasses

import pytest

from sandbox import judge
from sandbox.jobs import JudgeJob
from sandbox.pool import Pool

CASES = """
from sandbox.judge import Case, case

@case("Пакет уже есть")
async def there(c: Case) -> None:
    c.equal((await c.call(c.module, "found")).value, True, "пакет импортирован заранее")

@case("И работает")
async def works(c: Case) -> None:
    c.equal((await c.call(c.module, "signed", "alice")).value, "alice", "имя из токена")
"""
SOLUTION = """
import sys
FOUND = "jwt" in sys.modules
import jwt

def found():
    return FOUND

def signed(name):
    token = jwt.encode({"sub": name}, "k" * 32, algorithm="HS256")
    return jwt.decode(token, "k" * 32, algorithms=["HS256"])["sub"]
"""
JOB = JudgeJob("r" * 22, {"solution.py": SOLUTION}, CASES, 1, preload=["jwt"])


@pytest.mark.parametrize(("job", "passed"), [(JOB, 2), (dataclasses.replace(JOB, preload=[]), 1)])
def test_each_world_finds_what_was_imported_before_it(pool: Pool, job: JudgeJob, passed: int) -> None:
    log: list[dict[str, object]] = []
    judge.run(job, pool.take, log.append)
    (verdict,) = [event for event in log if event["kind"] == "verdict"]
    assert verdict["passed"] == passed, log
