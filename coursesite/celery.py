"""The worker's application: `celery -A coursesite.celery worker --without-gossip -Q demo,judge,bulk`.

Free of Django: a worker reads the broker's address and nothing else of the site's.
"""

from __future__ import annotations

import warnings
from typing import Any

from celery import signals
from celery.exceptions import SecurityWarning

from coursesite import environment
from sandbox.broker import make_app

# It warns of root because of pickled messages; ours are JSON, and root is what nsjail makes jails with on
# kernels without user namespaces (docs/sandbox.md).
warnings.filterwarnings("ignore", category=SecurityWarning)

ENV = environment.load(with_secret=False)
app = make_app(ENV.redis_url)
app.conf.worker_concurrency = ENV.worker_concurrency


@signals.worker_init.connect
def _open(**_: Any) -> None:
    from sandbox.tasks import process

    process.open(ENV.redis_url, ENV.var, ENV.warm_jails)


@signals.worker_shutting_down.connect
def _stop(**_: Any) -> None:
    from sandbox.tasks import process

    process.stop()


@signals.worker_shutdown.connect
def _close(**_: Any) -> None:
    from sandbox.tasks import process

    process.close()
