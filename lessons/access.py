"""Who may watch and who may control a run: what the sandbox's socket asks before it lets anybody in.

Sync, two or three indexed queries: call it through `sync_to_async` from a consumer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lessons.models.work import Judging, LessonRun, Variant
from lessons.people import instructor_with
from lessons.work import owners

Access = Literal["control", "watch"]


def run_access(scope_user: Any, session: Mapping[str, Any] | None, run_id: str) -> Access | None:
    """A demo: its owner controls, anybody with the link watches. A failed case: anybody with the link
    watches. A judging: only the author of the solution and instructors watch. Anything else: nobody.
    """
    owner = owners.of_session(scope_user, session)
    lesson_run = LessonRun.objects.filter(pk=run_id).only("pk", "user_id", "guest", "variant").first()
    if lesson_run is not None:
        return "control" if lesson_run.variant != Variant.CASE and owner.owns(lesson_run) else "watch"
    if owner.user is None:
        return None
    author = Judging.objects.filter(run_id=run_id).values_list("submission__user_id", flat=True).first()
    if author is None:
        return None
    instructor = instructor_with(owner.user, "lessons.view_submission")
    return "watch" if author == owner.user.pk or instructor else None
