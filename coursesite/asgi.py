"""The web process: files and guests' pages from memory, the rest by Django, sockets by Channels, and what
lives as long as the process.

uvicorn coursesite.asgi:application --ws websockets-sansio --ws-per-message-deflate false
  --ws-max-size 65536 --ws-ping-interval 20 --lifespan on --no-proxy-headers
"""

# ruff: noqa: E402 (Django is set up before anything that needs it is imported)

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Any, cast

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coursesite.settings")

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter
from django.conf import settings

from coursesite.pagecache import PageCache
from coursesite.proxies import Forwarded
from coursesite.staticlayer import StaticLayer
from sandbox import consumer, runs
from sandbox.client import valkey
from sandbox.door import Door
from sandbox.registrar import Registrar

log = logging.getLogger(__name__)

# The registrar and Django's threads share the interpreter with the sockets: let them hand it over sooner
# than after the default 5 ms, which would be seen in the latency of events.
SWITCH_INTERVAL = 0.001  # s

Message = dict[str, Any]


async def lifespan(
    scope: Message,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """Start and stop the shared reader and the registrar."""
    registrar = Registrar(valkey())
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                sys.setswitchinterval(SWITCH_INTERVAL)
                await asyncio.to_thread(runs.warm)
                await consumer.shared_reader()
                registrar.start()
            except Exception as error:
                log.exception("the site cannot start")
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            gc.collect()
            gc.set_threshold(20_000, 20, 20)  # a look at every 700 new objects would be a look at every frame
            gc.freeze()  # what is loaded now stays: the collector need not look at it again
            await send({"type": "lifespan.startup.complete"})
        else:
            await asyncio.to_thread(registrar.close)
            await consumer.close_reader()
            await send({"type": "lifespan.shutdown.complete"})
            return


application = ProtocolTypeRouter(
    {
        "http": Forwarded(StaticLayer(PageCache(cast(Any, django_application))), settings.TRUSTED_PROXIES),
        "websocket": Forwarded(Door(), settings.TRUSTED_PROXIES),
        "lifespan": lifespan,
    }
)
