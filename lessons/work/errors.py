"""What can go wrong when somebody works, in words for that somebody.

WorkError
├── BadRequest     400  a field is wrong; `fields` says which
│   ├── TooLarge   413  the code does not fit
│   └── DraftsFull 413  nor do any more versions
├── LoginNeeded    403  guests may not do this
├── NotAllowed     403  it is somebody else's
├── NotFound       404  there is no such lesson, run, version or submission
├── Conflict       409  another version was saved meanwhile; `theirs` carries it
├── OverQuota      429  too much for now; `retry_after` seconds
├── QueueFull      503  too many wait already; `retry_after` seconds
└── Unavailable    503  the fault is ours
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class WorkError(Exception):
    """Base: `code` for programs, `message` in Russian for people, `fields` name → message."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "bad_request"

    def __init__(self, message: str, *, code: str = "", fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reported_code = code or self.code
        self.fields = dict(fields or {})

    def to_json(self) -> dict[str, Any]:
        """The one shape of an error."""
        body: dict[str, Any] = {"code": self.reported_code, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        return body


class BadRequest(WorkError):
    """A value is missing or wrong."""


class TooLarge(BadRequest):
    """The code is longer than we keep."""

    status = 413
    code = "too_large"


class DraftsFull(BadRequest):
    """No room is left for what this owner types."""

    status = 413
    code = "drafts_full"


class LoginNeeded(WorkError):
    """Only a signed-in user may do this."""

    status = 403
    code = "login_needed"


class NotAllowed(WorkError):
    """It belongs to somebody else."""

    status = 403
    code = "not_allowed"


class NotFound(WorkError):
    """No such thing."""

    status = 404
    code = "not_found"


class Conflict(WorkError):
    """The draft moved on; `theirs` is the newest version, `kept` is where the caller's text was put."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, theirs: Mapping[str, Any], kept: int) -> None:
        super().__init__(message)
        self.theirs = dict(theirs)
        self.kept = kept

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "theirs": self.theirs, "kept": self.kept}


class OverQuota(WorkError):
    """Too many runs; try again in `retry_after` seconds.

    `runs` are one's own live ones, the oldest first: a new one may be started instead of any.
    `login`: signing in gives more.
    """

    status = 429
    code = "over_quota"

    def __init__(
        self, message: str, *, retry_after: int, code: str = "", runs: Sequence[str] = (), login: bool = False
    ) -> None:
        super().__init__(message, code=code)
        self.retry_after = max(1, retry_after)
        self.runs = list(runs)
        self.login = login

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "runs": self.runs, "login": self.login}


class QueueFull(WorkError):
    """More runs wait than we can promise to begin; try again in `retry_after` seconds."""

    status = 503
    code = "queue_full"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = max(1, retry_after)


class Unavailable(WorkError):
    """We cannot do it now, and it is our fault."""

    status = 503
    code = "unavailable"
