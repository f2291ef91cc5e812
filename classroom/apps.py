"""The app of people."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ClassroomConfig(AppConfig):
    name = "classroom"
    verbose_name = "Люди"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from classroom import groups

        # Permissions appear app by app after migrate, so the group is completed after each app.
        post_migrate.connect(groups.complete, dispatch_uid="classroom.groups")
