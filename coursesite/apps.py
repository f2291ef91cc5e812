"""The site itself, as an app: only so that its checks are known."""

from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    name = "coursesite"
    verbose_name = "Сайт"

    def ready(self) -> None:
        from coursesite import checks  # noqa: F401 - registers them
