"""One judging from start to verdict: runs the cases in order, tells each result as it comes."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
import sys
import time
import types
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sandbox import limits, states
from sandbox.jobs import JudgeJob
from sandbox.judge import wire
from sandbox.judge.case import Case
from sandbox.judge.patience import Patience
from sandbox.judge.props import PropsFailed, Stage
from sandbox.judge.record import Record
from sandbox.judge.spec import Failed, Spec
from sandbox.judge.verdicts import tell
from sandbox.judge.words import NBSP, clean, shorten, times
from sandbox.judge.world import Breach, Gone, Late, Refused, Shop, Unloaded, World
from sandbox.states import Ending

log = logging.getLogger(__name__)

OUT_OF_TIME = "вышло общее время проверки: до этого случая очередь не дошла"
SLOW_IMPORT = "решение не загрузилось: импорт идёт слишком долго"
PROPS_FAILED = "проверке отказали её собственные части: решение тут ни при чём, это наша ошибка"


class Jail(wire.Jail, Protocol):
    def outcome(self) -> Any: ...
    def usage(self) -> Any: ...


TakeJail = Callable[[], AbstractContextManager[Jail]]
Emit = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Result:
    """How one case went with one seed; `failed` is None for a pass."""

    record: Record
    at: float = 0.0  # virtual second it ended at
    failed: Failed | None = None
    ours: bool = False  # the check itself broke
    broke: bool = False  # the world did, so its jail is not used again
    late: bool = False  # it did not answer in time
    fatal: bool = False  # the solution did not even load: no other case can go better

    @property
    def weight(self) -> int:
        return len(self.record.steps) + self.record.dropped


def run(
    job: JudgeJob, take_jail: TakeJail, emit: Emit, stopped: Callable[[], bool] = lambda: False
) -> Ending:
    """Judge one submission: emits everything up to the verdict, returns how the run ended.

    `take_jail` gives warm jails as context managers; `stopped` is asked between cases.
    Raises only for our own faults: no jail to be had, or cases that do not load.
    """
    with Judging(job, take_jail, emit) as judging:
        return judging.run(stopped)


class Judging:
    """The state of one judging: the jail in use, and the wall clock."""

    def __init__(self, job: JudgeJob, take_jail: TakeJail, emit: Emit) -> None:
        self.job = job
        self.take_jail = take_jail
        self.began = time.monotonic()
        self.jail: Jail | None = None
        self.shop: Shop | None = None  # the jail once it has loaded the submission
        self.late = 0  # cases that hung so far: each halves the patience with the next
        self.stage = Stage(job.props, take_jail, job.seed)
        self._emit = emit
        self._held = ExitStack()

    def __enter__(self) -> Judging:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self.stage.close()

    def run(self, stopped: Callable[[], bool]) -> Ending:
        specs = load(self.job.cases)
        self.emit("judge.started", cases=[spec.title for spec in specs])
        passed = 0
        fatal: Failed | None = None
        for number, spec in enumerate(specs, 1):
            if stopped():
                return states.STOPPED
            self.emit("case.started", n=number, title=spec.title)
            began = time.monotonic()
            results = [Result(Record(), failed=fatal)] if fatal else self.results(spec)
            bad = [result for result in results if result.failed]
            if bad:
                fatal = fatal or next((result.failed for result in bad if result.fatal), None)
                self.tell_failure(number, spec, results, min(bad, key=lambda result: result.weight))
            else:
                passed += 1
                ms = round((time.monotonic() - began) * 1000)
                self.emit("case.passed", n=number, title=spec.title, ms=ms)
        self.emit("verdict", passed=passed, total=len(specs), ok=passed == len(specs))
        if passed == len(specs):
            return Ending("finished", "done", f"Решение принято: пройдены все проверки, их {passed}.")
        total = times(len(specs), "проверки", "проверок", "проверок")
        return Ending("finished", "done", f"Пройдено {passed} из {total}.")

    # -- one case ----------------------------------------------------------------------------------------

    def results(self, spec: Spec) -> list[Result]:
        """The case with each of its seeds, fewer when it hangs or keeps breaking."""
        left = self.began + self.stage.seconds + limits.JUDGE.wall - time.monotonic()
        limit = self.halved(spec.limit)
        if left <= 0:
            return [Result(Record(), failed=Failed(OUT_OF_TIME))]
        results: list[Result] = []
        patience = Patience(min(limit, left))
        for index in range(spec.seeds):
            result = self.attempt(spec, index, patience)
            results.append(result)
            self.late += result.late
            broke = sum(result.broke for result in results)
            if result.fatal or result.ours or broke >= limits.EXCHANGE.breaches or result.late:
                break
        return results

    def halved(self, limit: float) -> float:
        """What is left of a patience of `limit` seconds after so many late answers: half for each."""
        return max(min(limit, limits.EXCHANGE.shortest), limit / 2.0**self.late)

    def attempt(self, spec: Spec, index: int, patience: Patience) -> Result:
        """The case once, in a world of its own."""
        seed = f"{self.job.seed}:{spec.name}:{index}"
        record = Record()
        world: World | None = None
        case: Case | None = None
        patience.use(*self.fetch_jail())
        try:
            try:
                shop = self.open_shop()
                if shop.problem is not None:
                    return Result(record, failed=uncompiled(shop.problem), fatal=True)
            except Breach as breach:
                raise Unloaded(breach) from breach
            world = shop.open(int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]), patience)
            case = Case(world, seed, index + 1, record, self.stage)
            try:
                drive(spec, case)
            finally:
                world.begin()  # if the case has asked nothing yet: a solution that does not load is told so
            self.close(world)
            return Result(record, world.now)
        except Unloaded as unloaded:
            if isinstance(unloaded.why, Breach):
                self.release()
                slow = isinstance(unloaded.why, Late)
                failed = Failed(SLOW_IMPORT if slow else f"решение не загрузилось: {unloaded.why}")
            else:
                self.close(world, quietly=True)
                got = tell(unloaded.why)
                failed = Failed("решение не загружается", expected="импорт без ошибок", got=got)
            return Result(Record(), failed=failed, fatal=True)
        except Failed as failed:
            at = world.now if world else 0.0
            if case is not None and at < limits.EXCHANGE.afterwards:
                self.run_on(case)
            self.close(world, quietly=True)
            return Result(record, at, failed)
        except Refused as refused:
            at = world.now if world else 0.0
            self.close(world, quietly=True)
            return Result(record, at, Failed(str(refused)))
        except Breach as breach:
            text = self.breach_text(breach)
            self.release()
            late = isinstance(breach, Late)
            return Result(record, world.now if world else 0.0, Failed(text), broke=True, late=late)
        except PropsFailed:
            log.exception("run %s: case %s: the real parts failed", self.job.run, spec.name)
            self.release()  # the world may stand in the middle of a call, waiting for what will not come
            return Result(record, world.now if world else 0.0, Failed(PROPS_FAILED), ours=True)
        except Exception as error:
            # Either a mistake in the case, or an answer of a shape it did not foresee. Never a pass.
            log.exception("run %s: case %s broke", self.job.run, spec.name)
            self.close(world, quietly=True)
            failure = Failed(
                "проверка не смогла разобрать ответ решения",
                got=f"{type(error).__name__}: {clean(str(error))}",
            )
            return Result(record, world.now if world else 0.0, failure, ours=True)

    def breach_text(self, breach: Breach) -> str:
        if isinstance(breach, Late):
            return "решение не ответило вовремя: похоже на бесконечный цикл"
        if isinstance(breach, Gone) and self.jail is not None:
            outcome = quiet_outcome(self.jail)
            if outcome is not None and outcome.kind == "out_of_memory":
                return f"решению не хватило памяти: {limits.JUDGE.text('memory')}"
        return str(breach)

    # -- jails -------------------------------------------------------------------------------------------

    def fetch_jail(self) -> tuple[Jail, float]:
        """A jail, and wall seconds it took to get. Raises what `take_jail` raises: our own fault."""
        began = time.monotonic()
        if self.jail is None:
            self.jail = self._held.enter_context(self.take_jail())
        return self.jail, time.monotonic() - began

    def open_shop(self) -> Shop:
        """The jail with the submission loaded. Raises Breach."""
        assert self.jail is not None
        if self.shop is None:
            self.shop = Shop(
                self.jail, self.job.files, self.job.seed, Patience(limits.EXCHANGE.loading), self.job.preload
            )
        return self.shop

    def run_on(self, case: Case) -> None:
        """What follows a failure at a case's very beginning: it changes the picture and no verdict."""
        case.world.patience = Patience(limits.EXCHANGE.shortest)
        try:
            case.run_on()
        except Breach:
            self.release()
        except Exception:
            log.info("run %s: the picture of a failed case ends early", self.job.run, exc_info=True)

    def close(self, world: World | None, *, quietly: bool = False) -> None:
        """End a world; what cannot be ended in order costs its jail. Raises Breach unless `quietly`."""
        if world is None or self.jail is None:
            return
        world.patience = Patience(self.halved(limits.EXCHANGE.closing))
        try:
            world.close()
        except Breach as breach:
            self.late += isinstance(breach, Late)
            self.release()
            if not quietly:
                raise

    def release(self) -> None:
        """Give up the jail: a broken one is never used again."""
        self.shop = self.jail = None
        held, self._held = self._held, ExitStack()
        held.close()

    # -- the log -----------------------------------------------------------------------------------------

    def emit(self, kind: str, **fields: Any) -> None:
        self._emit({"t": round(time.monotonic() - self.began, 3), "kind": kind, **fields})

    def tell_failure(self, number: int, spec: Spec, results: list[Result], worst: Result) -> None:
        """The trace of the smallest failure, then the failure."""
        failed = worst.failed
        assert failed is not None
        for at, kind, fields in sorted(worst.record.trace, key=lambda entry: entry[0]):
            text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
            self.emit("case.trace", case=number, at=round(at, 6), event_kind=kind, event=text)
        told: dict[str, Any] = {
            "n": number,
            "title": spec.title,
            # A case may have put what the jail said into words of its own.
            "message": shorten(clean(failed.message), 300),
            "expected": shorten(clean(failed.expected), 300),
            "got": shorten(clean(failed.got), 300),
            "inputs": worst.record.lines(),
            "hint": failed.hint or spec.hint,
            "at": round(worst.at, 6),
        }
        if spec.seeds > 1:
            told["seeds"] = spec.seeds
            told["seeds_passed"] = sum(result.failed is None for result in results)
        if worst.ours:
            told["ours"] = True
        self.emit("case.failed", **told)


def drive(spec: Spec, case: Case) -> None:
    """Run the case's coroutine to its end. It never waits: each operation returns when it is answered."""
    body = spec.body(case)
    steps = body.__await__()
    try:
        next(steps)
    except StopIteration:
        return
    raise RuntimeError(f"case {spec.name} awaits something that is not the judge's")


def uncompiled(problem: dict[str, Any]) -> Failed:
    """The compiler's complaint in words. The jail wrote it before any of the learner's code ran."""
    line, message = problem.get("line") or 0, clean(str(problem.get("message", "")))
    where = f"строка{NBSP}{line}: " if line else ""
    text = clean(str(problem.get("text", "")))
    got = f"{where}{message}" + (f" — {text}" if text else "")
    return Failed("решение не компилируется", expected="файл без синтаксических ошибок", got=got)


def quiet_outcome(jail: Jail) -> Any:
    """How the jail ended, if it can say."""
    try:
        jail.stop()
        return jail.outcome()
    except Exception:
        log.exception("a jail does not say how it ended")
        return None


@lru_cache(maxsize=64)
def load(text: str) -> tuple[Spec, ...]:
    """The cases that a course's `cases.py` defines, in order. Raises whatever it raises, or ValueError."""
    module = types.ModuleType(f"cases_{secrets.token_hex(6)}")
    sys.modules[module.__name__] = module  # dataclasses look their module up
    exec(compile(text, "cases.py", "exec", dont_inherit=True), module.__dict__)  # noqa: S102 - the course's own
    specs = tuple(held.__case__ for held in list(vars(module).values()) if hasattr(held, "__case__"))
    if not specs:
        raise ValueError("cases.py defines no cases")
    return specs
