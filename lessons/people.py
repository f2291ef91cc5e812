"""What the course knows about a person. The model lives above, in `classroom`; only its shape is here."""

from __future__ import annotations

from typing import Any, Protocol


class Person(Protocol):
    """A signed-in user. Empty quotas mean «as for everybody»."""

    pk: Any
    email: str
    is_staff: bool
    runs_at_once: int | None
    runs_per_hour: int | None
    cpu_per_hour: int | None

    def get_short_name(self) -> str: ...

    def has_perm(self, perm: str) -> bool: ...


def instructor_with(person: Person | None, right: str) -> bool:
    """Whether this is somebody from the staff who has the right «app.codename»."""
    return person is not None and person.is_staff and person.has_perm(right)
