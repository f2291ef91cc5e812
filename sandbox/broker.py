"""The Celery application: queues and the settings that the measurements asked for.

Both sides build it from the broker's address alone: the site to send, a worker to work. Neither needs the
other's code, and a worker needs no Django.
"""

from __future__ import annotations

from typing import Final, Literal

from celery import Celery

Queue = Literal["demo", "judge", "bulk"]

RUN_DEMO: Final = "sandbox.run_demo"
RUN_JUDGE: Final = "sandbox.run_judge"

# Above the longest judging (`limits.JUDGE.wall`), or the broker would hand a judging out twice. A demo that
# waits longer than this in a busy worker is also handed out twice; only one claim of it succeeds.
VISIBILITY_TIMEOUT: Final = 150  # s


def broker_url(redis_url: str) -> str:
    """The address as kombu spells it: `unix:///path` becomes `redis+socket:///path`."""
    if redis_url.startswith("unix://"):
        return "redis+socket://" + redis_url.removeprefix("unix://")
    return redis_url


def make_app(redis_url: str) -> Celery:
    app = Celery("poligon", broker=broker_url(redis_url), include=["sandbox.tasks"])
    app.conf.update(
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_default_queue="demo",
        task_routes={RUN_DEMO: {"queue": "demo"}, RUN_JUDGE: {"queue": "judge"}},
        task_create_missing_queues=True,
        worker_pool="threads",
        worker_prefetch_multiplier=1,
        worker_enable_remote_control=False,  # no pidbox: nobody listens, and it costs a connection
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # Celery's 100 would end a worker within an hour of our outage
        broker_heartbeat=0,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_TIMEOUT,
            # kombu 5.7 looks for what a dead worker left each interval × throttle seconds (else 100)
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "socket_timeout": None,  # redis-py 8's 5 s would cut idle blocking reads
        },
    )
    return app
