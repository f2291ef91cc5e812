"""The way in to a run's socket: Channels checks the origin, the session and the address, then steps aside.

A viewer stays for minutes and is sent thousands of frames; each layer of middleware would be in memory,
and on the way of each frame, all that time. So the checks run once, give a ticket, and then are gone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.conf import settings
from django.urls import path, re_path
from django.utils.module_loading import import_string

from sandbox import stream
from sandbox.consumer import RunSocket
from sandbox.frames import EXTENSION

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

TICKET = "sandbox.ticket"


@dataclass(slots=True)
class Ticket:
    """What the checks found out."""

    admitted: bool = False
    run: str = ""
    allowed: str | None = None


class Door:
    """The ASGI application of `/ws/`."""

    def __init__(self) -> None:
        self.checks: Application = AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(routes)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ticket = Ticket()
        await self.checks({**scope, TICKET: ticket}, receive, send)
        if ticket.admitted:
            write = scope.get("extensions", {}).get(EXTENSION, {}).get("write")
            await RunSocket(ticket.run, ticket.allowed, receive, send, write)()


@database_sync_to_async  # type: ignore[untyped-decorator]
def access(scope: Scope, run: str) -> str | None:
    """What the site lets this visitor do: "control", "watch" or None."""
    allowed: str | None = import_string(settings.SANDBOX_ACCESS)(scope.get("user"), scope.get("session"), run)
    return allowed


async def admit(scope: Scope, receive: Receive, send: Send) -> None:
    ticket: Ticket = scope[TICKET]
    ticket.run = scope["url_route"]["kwargs"]["run"]
    if stream.RUN_ID.fullmatch(ticket.run):
        ticket.allowed = await access(scope, ticket.run)
    ticket.admitted = True


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """No such address: the handshake is answered with 403."""
    await receive()
    await send({"type": "websocket.close"})


routes = [path("ws/runs/<str:run>/", admit), re_path("", refuse)]  # type: ignore[arg-type]
