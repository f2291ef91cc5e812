"""The site's side of a run's end: rows, archives, signals; and the reaper of runs nobody works on any more.

Every web process runs one, as a thread; a consumer group shares the work among them, and what a process
that died had taken is taken over by another. The row changes only by conditional UPDATE, so each end is
acted upon once, however often it is told.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import redis
from django.db import close_old_connections, transaction
from django.db.models import DateTimeField, F, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from sandbox import attempt, broker, runs, signals, states, stream
from sandbox.leases import Leases
from sandbox.models import Run

log = logging.getLogger(__name__)

GROUP = "registrar"
BLOCK_MS = 1_000
REAP_EVERY = 2.0  # s; with the lease's 5 s a lost run is told of within 8 s
FORSAKEN_AFTER = 15_000  # ms: another process took this entry and has not finished it
DELIVERIES = 5  # of an end whose receivers keep failing: then the row is closed without them
UNKNOWN_AFTER = 30.0  # s: a live row that Valkey has never heard of is forgotten
FRESH = "sandbox:fresh"  # there while Valkey is known to have been emptied or started lately
FRESH_FOR = 60  # s
FORGOTTEN_AFTER = 2.0  # s: then there is no need to wait longer than a commit takes to reach the queue

Entry = tuple[bytes, dict[bytes, bytes]]


class Registrar:
    """`step` does whatever there is to do; the thread repeats it until `close`."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self.leases = Leases(client)
        self.name = uuid.uuid4().hex
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="registrar", daemon=True)
        self._reaped = 0.0

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def prepare(self) -> None:
        """Make the consumer groups, from the beginning of what is there.

        Where there were none, Valkey has lost all it held, or is new.
        """
        for key in (stream.ENDED, stream.CHANGES):
            try:
                self.client.xgroup_create(key, GROUP, id="0", mkstream=True)
                self.client.set(FRESH, self.name, ex=FRESH_FOR)
            except redis.ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    def step(self, block: int | None = None) -> int:
        """Read and handle what has come; how many entries that was. `block` in ms, None not to wait."""
        reply = cast(
            "list[tuple[bytes, list[Entry]]] | None",
            self.client.xreadgroup(
                GROUP, self.name, {stream.ENDED: ">", stream.CHANGES: ">"}, count=50, block=block
            ),
        )
        entries = {name.decode(): found for name, found in reply or []}
        if changes := entries.get(stream.CHANGES):
            self._change(changes)
        for entry in entries.get(stream.ENDED, []):
            self._end(*entry)
        return sum(map(len, entries.values()))

    def recover(self) -> None:
        """Take over the ends that a process took and never finished."""
        _, entries, *_ = cast(
            "tuple[bytes, list[Entry], Any]",
            self.client.xautoclaim(stream.ENDED, GROUP, self.name, FORSAKEN_AFTER, count=20),
        )
        for entry in entries:
            self._end(*entry)

    def reap(self) -> None:
        """End the demos whose worker is gone or which Valkey forgot; have such judgings judged again."""
        members = cast("set[bytes]", self.client.smembers(stream.ACTIVE))
        active = sorted(member.decode() for member in members)
        held = self.client.mget([stream.lease_key(run) for run in active]) if active else []
        gone = {run for run, lease in zip(active, held, strict=True) if lease is None}
        for run in sorted(gone):
            self._lose(run)
        self._look_for_forgotten()

    def _run(self) -> None:
        prepared = False
        while not self._over.is_set():
            try:
                if not prepared:
                    self.prepare()
                    prepared = True
                self.step(BLOCK_MS)
                if time.monotonic() - self._reaped > REAP_EVERY:
                    self._reaped = time.monotonic()
                    self.recover()
                    if self.client.set("sandbox:reaper", self.name, nx=True, px=int(REAP_EVERY * 900)):
                        self.reap()
            except Exception as error:
                prepared = prepared and "NOGROUP" not in str(error)  # Valkey was emptied
                log.exception("registrar: trying again")
                self._over.wait(1.0)
            finally:
                close_old_connections()
        self._leave()

    def _leave(self) -> None:
        """Take our name out of the groups, unless something is ours to finish: `recover` needs it then."""
        try:
            for key in (stream.ENDED, stream.CHANGES):
                if not self.client.xpending_range(key, GROUP, "-", "+", 1, consumername=self.name):
                    self.client.xgroup_delconsumer(key, GROUP, self.name)
        except redis.RedisError:
            log.info("registrar: left without saying so")

    def _change(self, entries: list[Entry]) -> None:
        running: dict[str, int] = {}  # `starting` lasts milliseconds; an end comes by its own stream
        for _, fields in entries:
            if fields[b"state"] == b"running":
                running[fields[b"run"].decode()] = int(fields[b"attempt"])
        for run_id, number in running.items():
            with transaction.atomic():
                changed = Run.objects.filter(
                    pk=run_id, state__in=states.LIVE_STATES, attempt__lte=number
                ).update(state="running", attempt=number, started=Coalesce(F("started"), timezone.now()))
                if changed:
                    signals.run_changed.send(sender=Run, run=Run.objects.get(pk=run_id))
        self.client.xack(stream.CHANGES, GROUP, *[entry_id for entry_id, _ in entries])

    def _end(self, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        told = {key.decode(): value.decode() for key, value in fields.items()}
        try:
            self.archive(told)
        except Exception:
            pending = cast(
                "list[dict[str, Any]]", self.client.xpending_range(stream.ENDED, GROUP, entry_id, entry_id, 1)
            )
            log.exception("run %s: its end could not be kept", told.get("run"))
            if not pending or pending[0]["times_delivered"] < DELIVERIES:
                return  # `recover` brings it again
            self.archive(told, signal=False)
        self.client.xack(stream.ENDED, GROUP, entry_id)
        self.client.xdel(stream.ENDED, entry_id)

    def archive(self, told: dict[str, str], *, signal: bool = True) -> bool:
        """Keep the log and the ending. False when the row had ended already, or is gone."""
        run_id, number = told["run"], int(told["attempt"])
        log_of_run = stream.Log(self.client, run_id, number)
        lines = list(stream.lines_of(log_of_run.read()))
        with transaction.atomic():
            ended = Run.objects.filter(pk=run_id, state__in=states.LIVE_STATES, attempt__lte=number).update(
                state=told["state"],
                reason=told["reason"],
                text=told["text"],
                attempt=number,
                last_seq=len(lines),
                cpu_seconds=float(told.get("cpu", 0.0)),
                archive=runs.archive(lines),
                started=Coalesce(F("started"), _moment(told.get("started", ""))),
                ended=timezone.now(),
            )
            if ended and signal:
                signals.run_ended.send(sender=Run, run=Run.objects.select_related("archive").get(pk=run_id))
        pipe = self.client.pipeline(transaction=False)
        for key in (stream.run_key(run_id), log_of_run.key, stream.control_key(run_id)):
            pipe.expire(key, stream.ENDED_TTL)
        for earlier in range(1, number):
            pipe.delete(stream.log_key(run_id, earlier))
        pipe.execute()
        return bool(ended)

    def _lose(self, run_id: str) -> None:
        state, number, queue = cast(
            "list[bytes | None]", self.client.hmget(stream.run_key(run_id), "state", "attempt", "queue")
        )
        row = Run.objects.filter(pk=run_id).only("job").first()
        if state is None or queue is None or row is None or state.decode() in states.END_STATES:
            self.client.srem(stream.ACTIVE, run_id)
            return
        log.warning("run %s: its worker is gone", run_id)
        if row.job.get("type") == "judge":
            # Sent first: should this process die here, the next look sends it again, and one claim succeeds.
            # The broker brings its own copy when its patience ends; whoever gets that finds nothing to do.
            runs.hand_out(row.task, cast("broker.Queue", queue.decode()))
            self.leases.requeue(run_id, int(number or 1), queue.decode())
            return
        attempt.give_up(
            self.leases, row.task, int(number or 1), queue.decode(), states.LOST, unless_leased=True
        )

    def _look_for_forgotten(self) -> None:
        """Rows that live on while Valkey does not know their run, or no worker has its job (any more)."""
        patience = FORGOTTEN_AFTER if self.client.exists(FRESH) else UNKNOWN_AFTER
        horizon = timezone.now() - timedelta(seconds=patience)
        live = Run.objects.filter(state__in=states.LIVE_STATES).order_by("created")
        rows = list(live.values_list("pk", "created"))  # as many as may wait and run: some hundreds
        pipe = self.client.pipeline(transaction=False)
        for run_id, _ in rows:
            pipe.hmget(stream.run_key(run_id), "state", "sent", "queue", "held")
        for (run_id, created), (state, sent, queue, holder) in zip(rows, pipe.execute(), strict=True):
            if state == b"queued" and (self._dropped(run_id, holder) or (sent is None and created < horizon)):
                log.warning("run %s: its job is handed out again", run_id)
                task = Run.objects.only("job").get(pk=run_id).task
                runs.hand_out(task, cast("broker.Queue", queue.decode()))
            elif state is None and created < horizon:
                self._remember(run_id)

    def _dropped(self, run_id: str, holder: bytes | None) -> bool:
        """Whether the worker that had taken the job in died before there was a jail for it."""
        if holder is None or self.client.exists(stream.worker_key(holder.decode())):
            return False
        # Should this process die before the job is handed out, whoever looks next finds that it was not.
        self.client.hdel(stream.run_key(run_id), "held", "sent")
        return True

    def _remember(self, run_id: str) -> None:
        """Send a judging that Valkey has forgotten again; a demo, which its viewers have watched, is lost."""
        row = Run.objects.filter(pk=run_id, state__in=states.LIVE_STATES).first()
        if row is None:
            return
        first = attempt.next_sending(row.attempt)
        if row.kind != Run.Kind.JUDGE:
            self._close_forgotten(row, states.LOST, row.attempt)
        elif first > attempt.SENDINGS * attempt.STRIDE:
            self._close_forgotten(row, states.BROKEN, first)
        else:
            log.warning("run %s: Valkey does not know it, sending it again as attempt %d", run_id, first)
            with transaction.atomic():  # should the broker fail, this sending does not count
                mine = Run.objects.filter(pk=run_id, state__in=states.LIVE_STATES, attempt__lt=first)
                if mine.update(state="queued", attempt=first):
                    runs.send_again(row, first)

    def _close_forgotten(self, row: Run, ending: states.Ending, number: int) -> None:
        """End it without a log. `number`: the attempt to tell of, not below what its viewers know."""
        log.warning("run %s: Valkey does not know it", row.pk)
        with transaction.atomic():
            ended = Run.objects.filter(pk=row.pk, state__in=states.LIVE_STATES).update(
                state=ending.state, reason=ending.reason, text=ending.text, ended=timezone.now()
            )
            if ended:
                signals.run_ended.send(sender=Run, run=Run.objects.get(pk=row.pk))
        self.client.xadd(
            stream.CHANGES,
            {"run": row.pk, "state": ending.state, "attempt": number, "last": 0},
            maxlen=stream.CHANGES_KEPT,
        )


def _moment(seconds: str) -> Value:
    """A moment told by Valkey's clock; NULL for a run that never ran."""
    moment = datetime.fromtimestamp(int(seconds), UTC) if seconds else None
    return Value(moment, output_field=DateTimeField(null=True))
