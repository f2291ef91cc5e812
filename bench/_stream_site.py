"""The site's settings for this bench: everything as in production, but any run may be watched."""

from coursesite.settings import *  # noqa: F403

SANDBOX_ACCESS = "bench._stream_site.anybody"


def anybody(user: object, session: object, run_id: str) -> str:
    return "watch"
