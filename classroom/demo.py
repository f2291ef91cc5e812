"""The cast of a developer's machine, the same as in the tests."""

from __future__ import annotations

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from classroom import groups
from classroom.models import User


@dataclass(frozen=True, slots=True)
class Person:
    """One demo user. The password is public, so these exist on one person's machine only."""

    name: str
    email: str
    password: str
    instructor: bool = False


CAST: tuple[Person, ...] = (
    Person("Алиса", "alisa@poligon.example", "alisa-learns"),
    Person("Борис", "boris@poligon.example", "boris-teaches", instructor=True),
    Person("Ева", "eva@poligon.example", "eva-looks-around"),
)


@transaction.atomic
def ensure(person: Person) -> User:
    """Make the user, or bring an old one back to the description. Idempotent."""
    user = User.objects.filter(email=person.email).first() or User(email=person.email)
    user.name = user.name or person.name
    user.is_active = True
    user.is_staff = person.instructor
    if not user.check_password(person.password):
        user.set_password(person.password)
    user.save()
    group, _ = Group.objects.get_or_create(name=groups.INSTRUCTORS)
    if person.instructor:
        user.groups.add(group)
    else:
        user.groups.remove(group)
    EmailAddress.objects.update_or_create(
        user=user, email=person.email, defaults={"verified": True, "primary": True}
    )
    return user
