"""Runs of a lesson's demo: start, look at, stop. The sandbox runs; here it is decided what and for whom."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from redis.exceptions import RedisError

from lessons import catalog
from lessons.models.work import CodeVersion, LessonRun, Slot, Variant
from lessons.people import instructor_with
from lessons.work import drafts, quota
from lessons.work.errors import BadRequest, NotAllowed, NotFound, QueueFull, Unavailable
from lessons.work.owners import Owner
from lessons.work.words import about, plural, span
from sandbox import runs as sandbox_runs
from sandbox.jobs import DemoJob
from sandbox.models import Run, new_id

MAX_SEED = 2**32 - 1
SPEEDS = (0.25, 8.0)
MAX_SCRIPT = 1000  # inputs; a minute of furious dragging makes a few hundred


def start_run(
    owner: Owner,
    *,
    lesson: str,
    variant: str,
    code: str | None = None,
    seed: int | None = None,
    controls: Mapping[str, object] | None = None,
    script: Iterable[Sequence[object]] | None = None,
    forked_from: str | None = None,
    speed: float | None = None,
    instead_of: str | None = None,
) -> LessonRun:
    """Check everything, keep the code, and hand the run to the sandbox.

    `speed` is scenario seconds per wall second; `script` holds `[t, control, value]`. "mine" without
    code takes the code of the run it is forked from, else the newest draft. `instead_of` is a live run of
    the same owner that is stopped, and counts no more, if this one starts. Raises WorkError.
    """
    if variant not in (Variant.REFERENCE, Variant.NAIVE, Variant.MINE):
        raise BadRequest("Такого варианта нет.", fields={"variant": "reference, naive или mine"})
    if not owner.known:
        raise ValueError("a run needs an owner: ask owners.of_request(create=True)")
    parent = _parent(forked_from, lesson)
    version = _code(owner, lesson, code, parent) if variant == Variant.MINE else None
    demo = _demo(lesson, variant, version)
    values, inputs = _inputs(demo, controls, script)
    job = DemoJob(
        run=new_id(),
        files=demo.files,
        seed=demo.seed if seed is None else _seed(seed),
        duration=demo.duration,
        pace=_pace(speed, demo.clock),
        controls=values,
        script=inputs,
        clock=demo.clock,
        preload=demo.packages,
        touched=[name for name, value in values.items() if value != demo.controls.get(name)],
    )
    kept = "Ваш код сохранён." if version is not None else ""
    try:
        with transaction.atomic():
            quota.lock(owner)
            if instead_of and quota.give_up(owner, instead_of):
                transaction.on_commit(partial(sandbox_runs.stop, instead_of), robust=True)
            quota.check(owner, kept)
            run = sandbox_runs.start(job, label=f"{lesson}/{variant}", kind="demo")
            return LessonRun.objects.create(
                run=run,
                **owner.columns(),
                address=owner.address,
                lesson=lesson,
                variant=variant,
                code=version,
                forked_from=parent,
            )
    except sandbox_runs.QueueFull as error:
        raise queue_full(error, kept) from error
    except sandbox_runs.Unavailable as error:
        raise Unavailable(
            "Сейчас не\u00a0получается запустить: исполнители недоступны. Попробуйте чуть позже. " + kept
        ) from error


def queue_full(error: sandbox_runs.QueueFull, kept: str) -> QueueFull:
    """The refusal in words: how many wait, when to come again, and what has not been lost."""
    many = plural(error.length, "прогон", "прогона", "прогонов")
    when = span(error.retry_after)
    words = f"Сейчас слишком много желающих: в\u00a0очереди уже {many}. Попробуйте через {when}. {kept}"
    return QueueFull(words.rstrip(), retry_after=error.retry_after)


def _parent(forked_from: str | None, lesson: str) -> LessonRun | None:
    if not forked_from:
        return None
    parent = LessonRun.objects.select_related("code", "run").filter(pk=forked_from).first()
    if parent is None:
        raise NotFound("Прогона, от\u00a0которого вы\u00a0отделяетесь, нет.")
    if parent.lesson != lesson or parent.variant == Variant.CASE:
        raise BadRequest(
            "От\u00a0этого прогона отделиться нельзя.", fields={"forked_from": "нужен прогон того же урока"}
        )
    return parent


def _code(owner: Owner, lesson: str, code: str | None, parent: LessonRun | None) -> CodeVersion:
    """The version "mine" runs. Running the code of somebody's fork must not replace one's own draft."""
    inherited = parent.code if parent is not None else None
    if code is None:
        found = inherited or drafts.newest(owner, lesson, Slot.DEMO)
        if found is None:
            raise BadRequest("Сначала измените код.", fields={"code": "нужен код"})
        return found
    if inherited is not None and inherited.sha == drafts.sha(code):
        return inherited
    return drafts.find(owner, lesson, code) or drafts.save(owner, lesson, Slot.DEMO, code)


def _demo(lesson: str, variant: str, version: CodeVersion | None) -> catalog.Demo:
    try:
        return catalog.demo(lesson, variant, version.text if version is not None else None)
    except catalog.Unknown as error:
        raise NotFound(str(error)) from error


def _inputs(
    demo: catalog.Demo,
    controls: Mapping[str, object] | None,
    script: Iterable[Sequence[object]] | None,
) -> tuple[dict[str, bool | int | float | str], list[tuple[float, str, bool | int | float | str]]]:
    entries = list(script or ())
    if len(entries) > MAX_SCRIPT:
        raise BadRequest("Слишком длинный сценарий ручек.", fields={"script": f"не больше {MAX_SCRIPT}"})
    try:
        return (
            catalog.clean_controls(demo.declared, controls or {}),
            catalog.clean_script(demo.declared, entries, demo.duration),
        )
    except catalog.BadControls as error:
        raise BadRequest("Значения ручек не\u00a0подходят.", fields=error.fields) from error


def _seed(seed: int) -> int:
    if not 0 <= seed <= MAX_SEED:
        raise BadRequest("Зерно вне пределов.", fields={"seed": f"целое от 0 до {MAX_SEED}"})
    return seed


def _pace(speed: float | None, clock: str) -> float:
    if speed is None or clock == "real":  # real components have their own pace
        return 1.0
    low, high = SPEEDS
    if not low <= speed <= high:
        raise BadRequest("Скорость вне пределов.", fields={"speed": f"от {low:g} до {high:g}"})
    return speed


def started() -> QuerySet[LessonRun]:
    """What people started: all but the logs cut out of failed checks."""
    return LessonRun.objects.exclude(variant=Variant.CASE)


def get(run_id: str) -> LessonRun:
    """A lesson's run by id: anybody with the link may look. Raises NotFound."""
    found = LessonRun.objects.select_related("run", "code", "user", "forked_from").filter(pk=run_id).first()
    if found is None:
        raise NotFound("Такого прогона нет.")
    return found


def shows_code(lesson_run: LessonRun, owner: Owner) -> bool:
    """A demo's code goes with its link, because others fork it; a graded solution's does not."""
    if lesson_run.variant != Variant.CASE or owner.owns(lesson_run):
        return True
    return instructor_with(owner.user, "lessons.view_submission")


def receipt(lesson_run: LessonRun) -> dict[str, Any]:
    """The JSON of a start: what the page needs to follow the run, and no more, because the reader waits."""
    run = lesson_run.run
    return {
        "id": run.pk,
        "url": url(run.pk),
        "socket": socket(run.pk),
        "state": run.state,
        **_place(run),
    }


def describe(lesson_run: LessonRun, owner: Owner) -> dict[str, Any]:
    """The JSON of `GET runs/{id}/`. While queued: `position`, from 1, and `wait`, seconds, about."""
    run = lesson_run.run
    job = run.job or {}
    code = lesson_run.code.text if lesson_run.code is not None and shows_code(lesson_run, owner) else None
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "reason": run.reason or None,
        "text": run.text,
        "lesson": lesson_run.lesson,
        "variant": lesson_run.variant,
        "title": title(lesson_run),
        "seed": job.get("seed"),
        "controls": job.get("controls", {}),
        "script": [list(entry) for entry in job.get("script", [])],
        "last_seq": run.last_seq,
        **_place(run),
        "url": url(run.pk),
        "socket": socket(run.pk),
        "yours": owner.owns(lesson_run),
        "forked_from": lesson_run.forked_from_id,
        "code": code,
        "created": run.created.isoformat(),
    }


def _place(run: Run) -> dict[str, int | None]:
    place = None
    if run.state == "queued":
        with contextlib.suppress(RedisError):  # a page about a run can do without its place in the queue
            place = sandbox_runs.place(run)
    return {"position": place.position if place else None, "wait": place.wait if place else None}


def wait_in_words(seconds: int | None) -> str:
    """«ждать около минуты», or nothing where nobody can tell."""
    return f"ждать {about(seconds)}" if seconds else ""


def title(lesson_run: LessonRun) -> str:
    """«Circuit breaker: наивная версия»; a lesson that left the course goes by its slug."""
    try:
        name = catalog.lesson(lesson_run.lesson).title
    except catalog.Unknown:
        name = lesson_run.lesson
    return f"{name}: {Variant(lesson_run.variant).label}"


def url(run_id: str) -> str:
    return reverse("run", args=[run_id])


def socket(run_id: str) -> str:
    """The WebSocket's path; the scheme and the host are the page's."""
    return f"/ws/runs/{run_id}/"


def stop(run_id: str, owner: Owner) -> LessonRun:
    """Stop one's own run; an instructor may stop any. An ended run stays as it is. Raises WorkError."""
    lesson_run = get(run_id)
    instructor = instructor_with(owner.user, "lessons.stop_lessonrun")
    if not (owner.owns(lesson_run) or instructor):
        raise NotAllowed("Остановить может тот, кто запустил.")
    if lesson_run.run.state in quota.LIVE:
        sandbox_runs.stop(lesson_run.run)
        lesson_run.run.refresh_from_db()
    return lesson_run
