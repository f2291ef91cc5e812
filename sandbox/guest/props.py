"""Real parts for a judge's cases: the course's own code answers calls, on the wall's clock, in its own jail.

One request is one line `{"id", "name", "args", "kwargs"}`, its answer `{"id", "value"}` or `{"id", "error"}`.
What the code has started (servers, children, tasks) goes on between requests and dies with the jail.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import os
import traceback
from types import ModuleType
from typing import Any

from sandbox.guest.plain import Unsendable, pack
from sandbox.guest.wire import Inbox, Outbox, encode

MODULE = "props"
LINE = 60 * 1024  # bytes of an answer: a bit less than the judge takes
TRACE = 2000  # characters of a traceback that the worker's log gets


def serve(inbox: Inbox, outbox: Outbox) -> None:
    """Import the module, say `{"ready": true}` or the error, then answer until the control pipe closes."""
    asyncio.run(_serve(inbox, outbox))
    os._exit(0)  # whatever threads still run


async def _serve(inbox: Inbox, outbox: Outbox) -> None:
    try:
        module = importlib.import_module(MODULE)
    except BaseException as error:
        outbox.write({"ready": False, "error": told(error)})
        return
    outbox.write({"ready": True})
    requests: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def hear() -> None:
        for message in inbox.waiting():
            requests.put_nowait(message)
        if inbox.closed:
            requests.put_nowait(None)

    asyncio.get_running_loop().add_reader(inbox.fd, hear)
    hear()  # what came along with the start message
    while request := await requests.get():
        answer = {"id": request["id"], **await _answer(module, request)}
        if len(encode(answer)) > LINE:
            answer = {"id": request["id"], "error": "the answer is too big"}
        outbox.write(answer)


async def _answer(module: ModuleType, request: dict[str, Any]) -> dict[str, Any]:
    try:
        named = {key: unpack(item) for key, item in request["kwargs"].items()}
        value = getattr(module, request["name"])(*unpack(request["args"]), **named)
        if inspect.isawaitable(value):
            value = await value
        return {"value": pack(value)}
    except Unsendable as error:
        return {"error": str(error)}
    except Exception as error:
        return {"error": told(error)}


def told(error: BaseException) -> str:
    """For the worker's log; no learner sees it."""
    return "".join(traceback.format_exception(error))[-TRACE:]


def unpack(value: Any) -> Any:
    """Plain data as `judge.case` packs it."""
    if type(value) is list:
        return [unpack(item) for item in value]
    if type(value) is not dict:
        return value
    ((tag, held),) = value.items()
    if tag == "$tuple":
        return tuple(unpack(item) for item in held)
    if tag == "$dict":
        return {unpack(key): unpack(item) for key, item in held}
    if tag == "$float":
        return float(held)
    if tag == "$bytes":
        return bytes.fromhex(held)
    raise ValueError(tag)
