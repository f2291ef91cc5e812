"""Calling the API in one line."""

from __future__ import annotations

from typing import Any

from django.test import Client

API = "/api/v1/"


def post(client: Client, path: str, body: Any = None, **more: Any) -> Any:
    return client.post(API + path, body or {}, content_type="application/json", **more)


def put(client: Client, path: str, body: Any, **more: Any) -> Any:
    return client.put(API + path, body, content_type="application/json", **more)


def get(client: Client, path: str, **more: Any) -> Any:
    return client.get(API + path, **more)
