"""The group of instructors and what it may do: rights are data, kept here in one place."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed

INSTRUCTORS = "Преподаватели"

# «app.codename». Rights are named by model; a right whose app is not installed is skipped.
RIGHTS: tuple[str, ...] = (
    "classroom.view_user",
    "classroom.raise_quota",
    "sandbox.view_run",
    "lessons.view_lesson",
    "lessons.view_chapter",
    "lessons.view_course",
    "lessons.view_lessonrun",
    "lessons.stop_lessonrun",
    "lessons.view_codeversion",
    "lessons.view_submission",
    "lessons.regrade_submission",
    "lessons.view_judging",
    "lessons.view_progress",
)


def complete(**kwargs: Any) -> None:
    """Give the group every right of RIGHTS that exists by now. Runs after migrate; idempotent."""
    if not installed.is_installed("django.contrib.auth"):
        return
    using = kwargs.get("using", "default")
    from django.contrib.auth.models import Group, Permission
    from django.db import connections

    if Group._meta.db_table not in connections[using].introspection.table_names():
        return
    group, _ = Group.objects.using(using).get_or_create(name=INSTRUCTORS)
    wanted = {tuple(right.split(".", 1)) for right in RIGHTS}
    found = [
        permission
        for permission in Permission.objects.using(using).select_related("content_type")
        if (permission.content_type.app_label, permission.codename) in wanted
    ]
    group.permissions.add(*found)
