"""Bodies of requests: JSON that a page could have sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from lessons.work.errors import BadRequest


class Json(JSONParser):
    """JSON, not nested past all reason, with whole characters only: what is answered may repeat any of it."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Raises ParseError, BadRequest."""
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as error:
            raise ParseError from error
        except UnicodeEncodeError as error:
            half = ord(error.object[error.start])
            raise BadRequest(f"В запросе половина символа, U+{half:04X}: это не\u00a0текст.") from error
        return data
