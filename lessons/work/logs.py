"""Events of a run, for those who read them over HTTP rather than the socket."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from lessons.access import run_access
from lessons.work.errors import NotFound
from lessons.work.owners import SESSION_KEY, Owner
from sandbox.models import Run

MAX_EVENTS = 5000  # in one answer; about a megabyte


def read(owner: Owner, run_id: str, after: int) -> dict[str, Any]:
    """The JSON of `GET runs/{id}/events/`. Raises NotFound, also for a judging that is not the reader's."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None or run_access(owner.user, {SESSION_KEY: owner.guest}, run_id) is None:
        raise NotFound("Такого прогона нет.")
    lines = list(islice(run.events(after), MAX_EVENTS))
    events = [json.loads(line) for line in lines]
    last = int(events[-1]["seq"]) if events else after
    ended = bool(events) and events[-1]["kind"] == "run.ended"
    return {"events": events, "last": last, "complete": ended or (run.over and last >= run.last_seq)}
