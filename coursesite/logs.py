"""What the logs leave out, so that a traceback in them always means a fault of ours."""

from __future__ import annotations

import logging


class PlainRefusals(logging.Filter):
    """A refusal (403, 404, …) is the site at work: it stays one line. Django adds the traceback of the
    exception that said no."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True
