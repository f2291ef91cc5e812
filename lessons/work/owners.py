"""Whose work it is: a user, or a guest known by a random key in their session."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.db.models import Q
from django.http import HttpRequest

from lessons.models.work import CodeVersion, LessonRun, Progress
from lessons.people import Person

SESSION_KEY = "guest"


@dataclass(frozen=True, slots=True)
class Owner:
    """A user, a guest with a key, or nobody yet (a guest who has not done anything)."""

    user: Person | None = None
    guest: str = ""
    address: str = ""

    @property
    def known(self) -> bool:
        """Whether there can be any work of this owner."""
        return self.user is not None or bool(self.guest)

    def where(self) -> Q:
        """The condition on an `Owned` model that picks this owner's rows (none for nobody)."""
        if self.user is not None:
            return Q(user_id=self.user.pk)
        if self.guest:
            return Q(user__isnull=True, guest=self.guest)
        return Q(pk__in=[])

    def columns(self) -> dict[str, Any]:
        """The value of `user_id` or `guest` for a new row."""
        return {"user_id": self.user.pk} if self.user else {"guest": self.guest}

    def owns(self, row: LessonRun | CodeVersion | Progress) -> bool:
        if self.user is not None:
            return bool(row.user_id == self.user.pk)
        return bool(self.guest) and row.user_id is None and row.guest == self.guest


def network(address: str) -> str:
    """The address as quotas and limits count it: IPv6 cut to /64, what one home has. "" if it is no address.

    Whoever stands behind a proxy has been found out already: `coursesite.proxies`.
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((int(parsed), 64), strict=False).network_address)


def address_hash(address: str) -> str:
    """A keyed hash of the network an address belongs to; "" for none."""
    counted = network(address)
    if not counted:
        return ""
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, b"address:" + counted.encode(), hashlib.sha256).hexdigest()[:32]


def of_session(user: Any, session: Mapping[str, Any] | None, address: str = "") -> Owner:
    """The owner behind a request's (or a socket's) user and session. Creates nothing."""
    hashed = address_hash(address)
    if isinstance(user, get_user_model()):
        return Owner(user=user, address=hashed)
    guest = session.get(SESSION_KEY, "") if session is not None else ""
    return Owner(guest=guest if isinstance(guest, str) else "", address=hashed)


def of_request(request: HttpRequest, *, create: bool = False) -> Owner:
    """The owner of a request. With `create`, a nameless guest is given a key in the session."""
    session = getattr(request, "session", None)
    owner = of_session(getattr(request, "user", None), session, request.META.get("REMOTE_ADDR") or "")
    if create and not owner.known and session is not None:
        key = secrets.token_urlsafe(16)
        session[SESSION_KEY] = key
        return Owner(guest=key, address=owner.address)
    return owner


@transaction.atomic
def adopt(guest: str, user: Person) -> None:
    """Move everything a guest did to the user who has just signed in or registered. Loses nothing.

    Versions keep their order and get numbers after the user's own; the guest's newest draft becomes
    the newest, because it is what the reader has on the screen. Progress is merged: earlier dates
    win, and the user's own answers win over the guest's.
    """
    if not guest:
        return
    mine = Q(user__isnull=True, guest=guest)
    for version in CodeVersion.objects.select_for_update().filter(mine).order_by("id"):
        last = CodeVersion.objects.filter(
            user_id=user.pk, lesson=version.lesson, slot=version.slot
        ).aggregate(n=models.Max("n"))["n"]
        version.n = (last or 0) + 1
        version.user_id = user.pk
        version.guest = ""
        version.save(update_fields=("n", "user", "guest"))
    LessonRun.objects.filter(mine).update(user_id=user.pk, guest="")
    for progress in Progress.objects.select_for_update().filter(mine):
        _merge(progress, user)


def _merge(progress: Progress, user: Person) -> None:
    own = Progress.objects.select_for_update().filter(user_id=user.pk, lesson=progress.lesson).first()
    if own is None:
        progress.user_id = user.pk
        progress.guest = ""
        progress.save()
        return
    own.read_at = min((at for at in (own.read_at, progress.read_at) if at), default=None)
    own.solved_at = min((at for at in (own.solved_at, progress.solved_at) if at), default=None)
    own.predicted = {**progress.predicted, **own.predicted}
    own.quiz = {**progress.quiz, **own.quiz}
    own.place = progress.place or own.place
    own.save()
    progress.delete()
