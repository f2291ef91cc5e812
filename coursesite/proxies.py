"""Whose request it is when a proxy stands before the site.

Behind a proxy every connection comes from the proxy, and quotas by address would hold all readers as one.
The proxy says who they are in `X-Forwarded-For`; but anybody can write that header, so it is believed only
from a proxy that TRUSTED_PROXIES names, and from the right: each hop appends the address it was called from,
and what stands left of the first address that is not a trusted proxy's was written by a stranger.

Here, and only here, such headers are read. Whatever they say becomes the scope's `client` and `scheme`, and
the headers themselves go no further, so nothing behind can believe them by mistake (DRF's throttles would).
Run uvicorn with `--no-proxy-headers`: its own reading trusts everything on 127.0.0.1.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from coursesite.environment import Proxies

log = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Scope = dict[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

FORWARDED = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-proto",
        b"x-real-ip",
    )
)
SECURE = {"http": "https", "ws": "wss"}
LONGEST = 20  # hops looked at: nobody has so many proxies


class Forwarded:
    """An ASGI application that sees the reader's address and scheme instead of the proxy's."""

    def __init__(self, app: Application, proxies: Proxies) -> None:
        self.app = app
        self.proxies = proxies
        self._warned = False

    def __call__(self, scope: Scope, receive: Any, send: Any) -> Awaitable[None]:
        # Not a coroutine of its own: a viewer's socket lives for minutes and need not carry this frame.
        return self.app(self.seen(scope), receive, send)

    def seen(self, scope: Scope) -> Scope:
        """The scope with the reader's `client` and `scheme`, without the headers that told them."""
        told = [(name, value) for name, value in scope["headers"] if name in FORWARDED]
        if not told:
            return scope
        changed = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in FORWARDED]}
        peer = scope["client"][0] if scope.get("client") else ""
        if not self.trusted(peer):
            self._warn(peer)
            return changed
        hops = b",".join(value for name, value in told if name == b"x-forwarded-for").decode("latin-1")
        if (address := self.reader(peer, hops)) != peer:
            changed["client"] = (address, 0)
        if any(name == b"x-forwarded-proto" and value.strip() == b"https" for name, value in told):
            changed["scheme"] = SECURE.get(scope["scheme"], scope["scheme"])
        return changed

    def reader(self, peer: str, hops: str) -> str:
        """The address nearest to us that is not a trusted proxy's; the last proxy's where nothing is told."""
        found = peer
        for hop in reversed(hops.split(",")[-LONGEST:]):
            address = parsed(hop)
            if address is None:
                break
            found = str(address)
            if not self.trusted(found):
                break
        return found

    def trusted(self, peer: str) -> bool:
        """Whether this address may tell another's. A unix socket has none."""
        if not peer:
            return self.proxies.unix
        address = parsed(peer)
        return address is not None and any(address in network for network in self.proxies.networks)

    def _warn(self, peer: str) -> None:
        """Once: a neighbour who forwards is probably a proxy that was not named."""
        address = parsed(peer)
        if self._warned or (address is not None and address.is_global):
            return
        self._warned = True
        log.warning(
            "X-Forwarded-For от %s не\u00a0учтён: если это ваш прокси, добавьте его в TRUSTED_PROXIES",
            peer or "сокета unix",
        )


def parsed(text: str) -> Address | None:
    """An address as proxies write it: perhaps with a port, perhaps in brackets. None: not an address."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
