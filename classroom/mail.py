"""Letters on a developer's machine: each goes to a file of its own and to the console, none goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.console import EmailBackend as ConsoleBackend
from django.core.mail.backends.filebased import EmailBackend as FileBackend
from django.core.mail.message import EmailMessage


class DevelopmentBackend(BaseEmailBackend):
    """Writes to `settings.EMAIL_FILE_PATH` and prints."""

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)
        self._backends = (
            FileBackend(fail_silently=fail_silently),
            ConsoleBackend(fail_silently=fail_silently),
        )

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        sent = 0
        for backend in self._backends:
            sent = backend.send_messages(email_messages) or 0
        return sent
