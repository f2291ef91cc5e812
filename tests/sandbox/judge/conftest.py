"""Judging in real jails: one pool for the session, the courses' own cases or small ones written in a test."""

from __future__ import annotations

import shutil
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sandbox import host as hosts
from sandbox import judge
from sandbox.jail import Jail
from sandbox.jobs import JudgeJob
from sandbox.limits import JUDGE
from sandbox.pool import Pool
from sandbox.states import Ending

BREAKER = Path(__file__).resolve().parents[3] / "content" / "05-fault-tolerance" / "01-circuit-breaker"


@dataclass(slots=True)
class Judged:
    """What a judging said."""

    ending: Ending
    log: list[dict[str, Any]] = field(default_factory=list)

    def kinds(self) -> list[str]:
        return [event["kind"] for event in self.log]

    def all(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.log if event["kind"] == kind]

    @property
    def verdict(self) -> dict[str, Any]:
        (event,) = self.all("verdict")
        return event

    @property
    def passed(self) -> bool:
        return bool(self.verdict["ok"])

    @property
    def failure(self) -> dict[str, Any]:
        """The only failed case."""
        (event,) = self.all("case.failed")
        return event

    def failed_titles(self) -> set[str]:
        return {event["title"] for event in self.all("case.failed")}

    def told(self) -> str:
        """Everything a learner reads about the failures."""
        return "\n".join(
            f"{event['message']} {event['expected']} {event['got']}" for event in self.all("case.failed")
        )


TakeJail = Callable[[], AbstractContextManager[Jail]]
Judge = Callable[..., Judged]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    folder = Path(tempfile.mkdtemp(prefix="poligon-judge-"))
    folder.chmod(0o755)
    host = hosts.find(folder)
    kept = Pool(host, JUDGE, spare=1)
    yield kept
    kept.close()
    if host.cgroups:
        host.cgroups.sweep()
        host.cgroups.leave()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def judged(pool: Pool) -> Judge:
    """`judged(solution, cases)`: judge a solution in a real jail, to the end."""

    def run(
        solution: str,
        cases: str,
        *,
        seed: int = 1,
        files: dict[str, str] | None = None,
        take: TakeJail = pool.take,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Judged:
        log: list[dict[str, Any]] = []
        every = {"solution.py": textwrap.dedent(solution), **(files or {})}
        job = JudgeJob("r" * 22, every, textwrap.dedent(cases), seed)
        ending = judge.run(job, take, log.append, stopped)
        return Judged(ending, log)

    return run


@pytest.fixture(scope="session")
def breaker_cases() -> str:
    return (BREAKER / "exercise" / "cases.py").read_text(encoding="utf-8")
