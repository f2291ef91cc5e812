"""Whole judging of the breaker's exercise in a warm jail, beside the same number of bare calls to a jail."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from bench.table import percentile, show
from launch import setup
from sandbox import host as hosts
from sandbox import judge
from sandbox.jobs import JudgeJob
from sandbox.judge import grading
from sandbox.limits import JUDGE
from sandbox.pool import Pool

TIMES = 25
EXERCISE = setup.ROOT / "content" / "05-fault-tolerance" / "01-circuit-breaker" / "exercise"


def once(pool: Pool, solution: str, cases: str, seed: int) -> tuple[float, float, int]:
    """Milliseconds of one judging and to its first verdict on a case; how many cases passed."""
    seen: list[tuple[str, float]] = []
    begun = time.perf_counter()

    def emit(event: dict[str, Any]) -> None:
        seen.append((event["kind"], time.perf_counter() - begun))

    judge.run(JudgeJob("bench", {"solution.py": solution}, cases, seed), pool.take, emit)
    first = next(at for kind, at in seen if kind in ("case.passed", "case.failed"))
    return (
        (time.perf_counter() - begun) * 1000,
        first * 1000,
        sum(kind == "case.passed" for kind, _ in seen),
    )


def main(options: list[str]) -> None:
    cases = (EXERCISE / "cases.py").read_text()
    solutions = {
        "reference": (EXERCISE.parent / "reference.py").read_text(),
        "naive": (EXERCISE.parent / "naive.py").read_text(),
    }
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory(prefix="poligon-") as folder:
        Path(folder).chmod(0o755)
        host = hosts.find(Path(folder))
        with Pool(host, JUDGE, spare=2) as pool:
            found: dict[str, list[tuple[float, float, int]]] = {name: [] for name in solutions}
            for number in range(TIMES):
                for name, text in solutions.items():
                    while pool.ready() < 2:
                        time.sleep(0.01)
                    found[name].append(once(pool, text, cases, number))
            for name, results in found.items():
                whole, first = [r[0] for r in results], [r[1] for r in results]
                passed = sorted({r[2] for r in results})
                rows.append(
                    [
                        name,
                        passed,
                        percentile(first, 0.5),
                        *(percentile(whole, share) for share in (0.5, 0.95)),
                    ]
                )
        if host.cgroups:
            host.cgroups.sweep()
            host.cgroups.leave()
    specs = grading.load(cases)
    show(
        f"Judging the breaker: {len(specs)} cases, one with {max(spec.seeds for spec in specs)} seeds "
        "(goal: whole p50 ≤ 300 ms)",
        ["solution", "passed", "first case p50 ms", "whole p50 ms", "whole p95 ms"],
        rows,
    )
