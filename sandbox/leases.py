"""Who may work on a run, and who may end it.

Everything that decides is one Lua script, so that a worker, the reaper and an owner who presses «Стоп»
at the same moment cannot both win: a run is claimed by one, and ended once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any

import redis

from sandbox import stream, waiting
from sandbox.states import Ending

log = logging.getLogger(__name__)

TICKET = "sandbox:ticket"  # counts the places in queues
LEASE_MS = 5_000
RENEW_EVERY = 1.0  # s

_ENDED = """
local ended = {finished=1, failed=1, timed_out=1, out_of_memory=1, stopped=1, lost=1}
"""

# A run that is known already is left as it is, so two who send the same one do no harm. Whoever watches a run
# that is sent anew is told at once: its log begins again.
_ENQUEUE = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'queued', 'attempt', ARGV[3] - 1, 'queue', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('ZADD', KEYS[2], redis.call('INCR', KEYS[3]), ARGV[1])
if ARGV[3] ~= '1' then
  redis.call('XADD', KEYS[4], 'MAXLEN', '~', ARGV[5], '*', 'run', ARGV[1], 'state', 'queued',
    'attempt', ARGV[3], 'queue', ARGV[2])
end
return 1
"""

_SENT = """
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'sent', 1) end
return 1
"""

# A worker has the message of a run that still waits: for a jail. Should the worker die now, nothing else
# would tell: the run has no lease yet, and the broker's message is gone.
_TAKE_IN = """
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'queued' then
  redis.call('HSET', KEYS[1], 'held', ARGV[1])
  redis.call('SET', KEYS[2], '1', 'PX', ARGV[2])
end
return state
"""

# Refused (0) when the run is unknown or over, when another worker is alive on it, or when it has been begun
# and must not be begun again (demos: the learner has already watched it).
_CLAIM = (
    _ENDED
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state or ended[state] then return 0 end
if state ~= 'queued' and (ARGV[4] ~= '1' or redis.call('EXISTS', KEYS[2]) == 1) then return 0 end
local attempt = redis.call('HINCRBY', KEYS[1], 'attempt', 1)
redis.call('HSET', KEYS[1], 'state', 'starting')
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[1])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[5], '*', 'run', ARGV[1], 'state', 'starting',
  'attempt', attempt)
return attempt
"""
)

_RENEW = """
local lost = {}
for i, key in ipairs(KEYS) do
  if redis.call('GET', key) == ARGV[i + 1] then redis.call('PEXPIRE', key, ARGV[1])
  else lost[#lost + 1] = key end
end
return lost
"""

_MARK = (
    _ENDED
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state or ended[state] or redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'state', ARGV[3])
if ARGV[3] == 'running' then redis.call('HSET', KEYS[1], 'started', redis.call('TIME')[1]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], '*', 'run', ARGV[1], 'state', ARGV[3], 'attempt', ARGV[2])
return 1
"""
)

# The last events, the state and the registrar's notice appear together: a viewer who sees the end
# of the log also finds the state, and the other way round. -1: the log has moved on, look again.
_CONCLUDE = (
    _ENDED
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state or ended[state] or redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[2] then return 0 end
local holder = redis.call('GET', KEYS[3])
if holder and ((ARGV[8] ~= '' and holder ~= ARGV[8]) or ARGV[9] == '1') then return 0 end
local added = redis.pcall('XADD', KEYS[2], ARGV[6] .. '-0', 'e', ARGV[7])
if type(added) == 'table' and added.err then return -1 end
local began = redis.call('HGET', KEYS[1], 'started')
if state == 'running' and began then
  local took = redis.call('TIME')[1] - began
  local mean = tonumber(redis.call('GET', KEYS[8]) or took)
  redis.call('SET', KEYS[8], string.format('%.3f', mean + (took - mean) / ARGV[12]))
end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'reason', ARGV[4], 'text', ARGV[5], 'last', ARGV[6])
redis.call('DEL', KEYS[3])
redis.call('ZREM', KEYS[4], ARGV[1])
redis.call('SREM', KEYS[5], ARGV[1])
redis.call('XADD', KEYS[6], '*', 'run', ARGV[1], 'attempt', ARGV[2], 'state', ARGV[3], 'reason', ARGV[4],
  'text', ARGV[5], 'last', ARGV[6], 'cpu', ARGV[11],
  'started', redis.call('HGET', KEYS[1], 'started') or '')
redis.call('XADD', KEYS[7], 'MAXLEN', '~', ARGV[10], '*', 'run', ARGV[1], 'state', ARGV[3],
  'attempt', ARGV[2], 'last', ARGV[6])
return 1
"""
)


# A judging whose worker died waits again, as if it had just come; whoever claims it begins the next attempt,
# which those who watch are told of now: they see a place in the queue instead of checks that stand still.
_REQUEUE = (
    _ENDED
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state or ended[state] or state == 'queued' then return 0 end
if redis.call('HGET', KEYS[1], 'attempt') ~= ARGV[2] or redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'state', 'queued')
redis.call('HDEL', KEYS[1], 'held')
redis.call('ZADD', KEYS[3], redis.call('INCR', KEYS[6]), ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
redis.call('XADD', KEYS[5], 'MAXLEN', '~', ARGV[3], '*', 'run', ARGV[1], 'state', 'queued',
  'attempt', ARGV[2] + 1)
return 1
"""
)


class Leases:
    """The scripts, bound to one client. Owners are free strings; an attempt is (run, number)."""

    def __init__(self, client: redis.Redis) -> None:
        self.client = client
        self._enqueue = client.register_script(_ENQUEUE)
        self._sent = client.register_script(_SENT)
        self._take_in = client.register_script(_TAKE_IN)
        self._claim = client.register_script(_CLAIM)
        self._renew = client.register_script(_RENEW)
        self._mark = client.register_script(_MARK)
        self._conclude = client.register_script(_CONCLUDE)
        self._requeue = client.register_script(_REQUEUE)

    def enqueue(self, run: str, queue: str, *, first: int = 1) -> bool:
        """Make the run known and give it its place in the queue. False: it is known already.

        `first` is the number that its first attempt will have.
        """
        keys = [stream.run_key(run), stream.queue_key(queue), TICKET, stream.CHANGES]
        return bool(self._enqueue(keys, [run, queue, first, stream.UNFINISHED_TTL, stream.CHANGES_KEPT]))

    def sent(self, run: str) -> None:
        """Note that the workers have been told of the run; until then whoever looks may tell them again."""
        self._sent([stream.run_key(run)])

    def take_in(self, run: str, worker: str) -> str | None:
        """Note which worker has the message of a run that waits; the run's state, None when it is unknown."""
        state: bytes | None = self._take_in(
            [stream.run_key(run), stream.worker_key(worker)], [worker, LEASE_MS]
        )
        return None if state is None else state.decode()

    def live(self, worker: str) -> None:
        """Say that the worker is there, for as long as a lease lasts."""
        self.client.set(stream.worker_key(worker), 1, px=LEASE_MS)

    def claim(self, run: str, queue: str, owner: str, *, again: bool = False) -> int:
        """Take the run: its attempt number from 1, or 0 when it is not to be had.

        `again` lets an attempt whose worker died be followed by another.
        """
        keys = [
            stream.run_key(run),
            stream.lease_key(run),
            stream.queue_key(queue),
            stream.ACTIVE,
            stream.CHANGES,
        ]
        return int(self._claim(keys, [run, owner, LEASE_MS, int(again), stream.CHANGES_KEPT]))

    def requeue(self, run: str, attempt: int, queue: str) -> bool:
        """Let an attempt whose worker died be followed by another. False: over, held or followed."""
        keys = [
            stream.run_key(run),
            stream.lease_key(run),
            stream.queue_key(queue),
            stream.ACTIVE,
            stream.CHANGES,
            TICKET,
        ]
        return bool(self._requeue(keys, [run, attempt, stream.CHANGES_KEPT]))

    def mark(self, run: str, attempt: int, state: str) -> bool:
        """Tell everybody the state of a live attempt. False when it is over or another took its place."""
        keys = [stream.run_key(run), stream.CHANGES]
        return bool(self._mark(keys, [run, attempt, state, stream.CHANGES_KEPT]))

    def conclude(
        self,
        run: str,
        attempt: int,
        queue: str,
        ending: Ending,
        *,
        last: int,
        lines: Sequence[bytes],
        cpu: float = 0.0,
        owner: str = "",
        unless_leased: bool = False,
    ) -> int:
        """End an attempt with its last events. 1 done, 0 not ours to end, -1 the log is already past `last`.

        `cpu` is processor seconds that it has used, as far as they are known.

        With `owner`, only while nobody else holds the lease; `unless_leased`, only when nobody at all does.
        """
        keys = [
            stream.run_key(run),
            stream.log_key(run, attempt),
            stream.lease_key(run),
            stream.queue_key(queue),
            stream.ACTIVE,
            stream.ENDED,
            stream.CHANGES,
            waiting.PACE,
        ]
        return int(
            self._conclude(
                keys,
                [
                    run,
                    attempt,
                    ending.state,
                    ending.reason,
                    ending.text,
                    last,
                    b"\n".join(lines),
                    owner,
                    int(unless_leased),
                    stream.CHANGES_KEPT,
                    f"{cpu:.3f}",
                    waiting.KEPT,
                ],
            )
        )

    def renew(self, held: dict[str, str]) -> list[str]:
        """Prolong the leases `{run: owner}`; returns the runs whose lease is no longer that owner's."""
        if not held:
            return []
        keys = [stream.lease_key(run) for run in held]
        lost: list[bytes] = self._renew(keys, [LEASE_MS, *held.values()])
        return [key.decode().split(":")[1] for key in lost]


class LeaseKeeper(threading.Thread):
    """One thread per worker process that renews the leases of all its runs and says that it lives."""

    def __init__(self, leases: Leases, worker: str) -> None:
        super().__init__(name="leases", daemon=True)
        self.leases = leases
        self.worker = worker
        self._held: dict[str, tuple[str, Callable[[], Any]]] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def hold(self, run: str, owner: str, lost: Callable[[], Any]) -> None:
        """Keep the lease alive; call `lost` (once, on this thread) when it turns out to be gone."""
        with self._lock:
            self._held[run] = (owner, lost)

    def drop(self, run: str) -> None:
        with self._lock:
            self._held.pop(run, None)

    def close(self) -> None:
        self._over.set()

    def run(self) -> None:
        while not self._over.wait(RENEW_EVERY):
            with self._lock:
                held = {run: owner for run, (owner, _) in self._held.items()}
            try:
                self.leases.live(self.worker)
                gone = self.leases.renew(held)
            except redis.RedisError as error:  # the broker restarts: the next second tries again
                log.warning("leases not renewed: %s", error)
                continue
            for run in gone:
                with self._lock:
                    entry = self._held.get(run)
                    if entry is None or entry[0] != held[run]:
                        continue
                    del self._held[run]
                entry[1]()
