"""The worker's application: `celery -A coursesite.celery worker --without-gossip -Q demo,judge,bulk`.

Free of Django: a worker reads the broker's address and nothing else of the site's.
"""

from __future__ import annotations

from coursesite import environment
from sandbox.broker import make_app

ENV = environment.load(with_secret=False)
app = make_app(ENV.redis_url)
app.conf.worker_concurrency = ENV.worker_concurrency
