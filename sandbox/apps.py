from django.apps import AppConfig


class SandboxConfig(AppConfig):
    name = "sandbox"
    verbose_name = "Песочница"

    def ready(self) -> None:
        from sandbox import checks  # noqa: F401 - registers them
