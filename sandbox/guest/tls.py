"""`ssl` comes when somebody first imports it: OpenSSL is 2 MiB of every warm jail, and few demos need it.

asyncio imports it with itself, and does without where there is none. So asyncio is imported as if there were
none, and is given the real one by the first `import ssl`, be it the learner's or a package's.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

HOLDERS = ("asyncio.base_events", "asyncio.selector_events")  # keep `ssl`, or None, in a global


@contextlib.contextmanager
def postponed() -> Iterator[None]:
    """What is imported inside finds no `ssl`; afterwards it can be imported."""
    sys.modules["ssl"] = None  # type: ignore[assignment]  # the import system's word for "there is none"
    try:
        yield
    finally:
        del sys.modules["ssl"]
        sys.meta_path.insert(0, Finder())


class Finder:
    """Finds `ssl`, once, in the standard library alone: asyncio is not to be given a learner's `ssl.py`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path
        if name != "ssl":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec("ssl", [os.path.dirname(os.__file__)], target)
        if spec is not None and spec.loader is not None:
            spec.loader = Handing(spec.loader)  # type: ignore[assignment]  # `Loader` would be imported for it
        return spec


class Handing:
    """The real loader, after whose work asyncio gets the module."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self.real.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__
        module.__loader__ = module.__spec__.loader = self.real  # nobody who looks sees a difference
        self.real.exec_module(module)
        for name in HOLDERS:
            sys.modules[name].ssl = module  # type: ignore[attr-defined]
        importlib.reload(sys.modules["asyncio.sslproto"])  # it names classes of `ssl` while it is imported
