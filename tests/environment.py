"""Loaded before Django's settings: gives the tests a site folder of their own, and a Valkey in it.

A plugin and not a conftest, because pytest-django reads the settings before any conftest is imported.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

VAR = Path(tempfile.mkdtemp(prefix="poligon-"))
os.environ.update(POLIGON_VAR=str(VAR), LOCAL="1", DJANGO_ALLOW_ASYNC_UNSAFE="1")
os.environ.pop("REDIS_URL", None)
atexit.register(shutil.rmtree, VAR, ignore_errors=True)
