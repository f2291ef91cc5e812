"""What the course does when something happens elsewhere. Connected by `LessonsConfig.ready`."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.core.cache import cache
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from lessons.work import owners, room, verdicts
from sandbox import signals

DAY = 24 * 3600  # s


@receiver(user_logged_in, dispatch_uid="lessons.adopt")
def adopt_guest(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """A guest who signs in or registers takes their work along."""
    session = getattr(request, "session", None)
    if session is None:
        return
    guest = session.get(owners.SESSION_KEY, "")
    if guest:
        owners.adopt(guest, user)
        del session[owners.SESSION_KEY]


@receiver(signals.run_ended, dispatch_uid="lessons.verdict")
def close_judging(sender: Any, run: Any, **kwargs: Any) -> None:
    """A judging that ended becomes a verdict."""
    if run.kind == "judge":
        verdicts.close(run)


@receiver(signals.run_ended, dispatch_uid="lessons.expire")
def expire_drafts(sender: Any, run: Any, **kwargs: Any) -> None:
    """Once a day, in the registrar's thread where nobody waits: what no guest can open any more goes."""
    if cache.add("drafts:expired", 1, DAY):
        transaction.on_commit(room.expire, robust=True)
