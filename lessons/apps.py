"""The course: content, pages, progress, submissions, API."""

from django.apps import AppConfig


class LessonsConfig(AppConfig):
    """Registers the models, and listens to the sandbox once every app is loaded."""

    name = "lessons"
    verbose_name = "курс"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from lessons import receivers  # noqa: F401  (connects on import)
