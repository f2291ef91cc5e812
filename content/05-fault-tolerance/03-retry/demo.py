"""The world around the retries: a fleet of scooters and the service they report to, which restarts at times.

Hundreds of requests a second are told in one `fleet.load` event every fifth of a second.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from functools import partial
from typing import TYPE_CHECKING

from reference import RetryBudget, RetryPolicy

if TYPE_CHECKING:
    from sandbox.guest.lab import Lab

FLEET = 500  # scooters there may be; the control says how many ride today
PERIOD = 5.0  # seconds between two reports of one scooter
HOP = (0.05, 0.25)  # seconds on the way, one way
PATIENCE = 1.0  # seconds a scooter waits for an answer
WORKERS, SERVICE = 5, 0.05  # the service: so many requests at once, so many seconds each
CAPACITY = round(WORKERS / SERVICE)  # requests a second
BACKLOG = 250  # requests that may stand in the queue
BROKEN = 0.04  # share of reports that are malformed and always will be
TICK = 0.2  # seconds a `fleet.load` event tells about
SAVINGS, RATIO = 2.0, 0.1  # a scooter's budget: retries to begin with, retries earned by a success
COUNTED = ("first", "again", "good", "hopeless", "wasted", "refused", "lost")
SETTINGS = ("jitter", "retries", "initial_delay", "budget")
# What happens by itself: (second, control, value). A control the reader has touched leaves the story.
STORY = (
    (4.0, "down", True),
    (7.0, "down", False),
    (11.0, "jitter", "none"),
    (14.0, "down", True),
    (17.0, "down", False),
    (24.0, "budget", False),
    (24.0, "jitter", "full"),
    (27.0, "down", True),
    (30.0, "down", False),
    (42.0, "budget", True),
)


class BadRequest(Exception):
    """The service has read the report and will never take it. Its answer, not its failure."""


class Scooter:
    """One client: its policy may be the reader's own, so only its public side is used."""

    def __init__(self, policy: RetryPolicy) -> None:
        self.policy = policy
        self.reports = 0  # under way, attempts and pauses together
        self.asking = 0  # attempts under way
        self.upset = False  # the last report was lost


class Report:
    """One thing to be told to the service, however many attempts it takes."""

    def __init__(self, broken: bool) -> None:
        self.broken = broken
        self.attempts = 0


class World:
    """Everything but the policy."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.queue: deque[tuple[asyncio.Future[None], bool]] = deque()
        self.stands = asyncio.Semaphore(0)
        self.tally: Counter[str] = Counter()  # since the last tick
        self.recent: deque[Counter[str]] = deque(maxlen=round(1 / TICK))
        self.state, self.since, self.lives = "ok", 0.0, 0
        self.flaws: set[str] = set()
        self.fleet = [Scooter(self.policy()) for _ in range(FLEET)]
        lab.on_control("down", lambda down: self.fall() if down else self.rise())
        for name in SETTINGS:
            lab.on_control(name, lambda _: self.refit())

    def policy(self) -> RetryPolicy:
        """A policy as the controls say; each scooter has its own, and a budget of its own."""
        control = self.lab.control
        return RetryPolicy(
            control("retries"),
            control("initial_delay") / 1000,
            8.0,
            2.0,
            control("jitter"),
            (ConnectionError, TimeoutError),
            budget=RetryBudget(SAVINGS, RATIO) if control("budget") else None,
            random=self.lab.random.random,
        )

    def refit(self) -> None:
        """New settings for the calls to come; those under way keep the old ones."""
        try:
            for scooter in self.fleet:
                scooter.policy = self.policy()
        except Exception as error:  # the reader's own code: told, and the world goes on
            self.flaw(error)

    @property
    def riding(self) -> list[Scooter]:
        return self.fleet[: self.lab.control("clients")]

    # [service]
    def fall(self) -> None:
        """The service goes down: every connection breaks, and every scooter comes back at once."""
        if self.state == "down":
            return
        self.become("down")
        self.lives += 1
        for answer, _ in self.queue:
            if not answer.done():
                answer.set_exception(ConnectionResetError("соединение разорвано"))
        self.queue.clear()
        for scooter in self.riding:
            self.lab.spawn(self.report(scooter))

    def rise(self) -> None:
        self.become("ok")

    async def worker(self) -> None:
        """Takes requests in order. It cannot know that nobody waits for the answer any more."""
        while True:
            await self.stands.acquire()
            if not self.queue:
                continue  # they were lost when the service went down
            (answer, broken), life = self.queue.popleft(), self.lives
            await asyncio.sleep(SERVICE * self.lab.random.uniform(0.8, 1.2))
            if life != self.lives and not answer.done():
                answer.set_exception(ConnectionResetError("соединение разорвано"))
            elif answer.done():
                self.tally["wasted"] += 1
            elif broken:
                answer.set_exception(BadRequest("координаты не разобрать"))
            else:
                answer.set_result(None)
                # [/service]

    # [scooter]
    async def attempt(self, scooter: Scooter, report: Report) -> None:
        """One request and its answer. Raises ConnectionError, TimeoutError or BadRequest."""
        report.attempts += 1
        kind = "again" if report.attempts > 1 else "first"
        scooter.asking += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.sleep(self.lab.random.uniform(*HOP))
                self.tally[kind] += 1
                if self.state == "down" or len(self.queue) >= BACKLOG:
                    self.tally["refused"] += 1
                    raise ConnectionRefusedError("сервис не принимает соединение")
                answer = asyncio.get_running_loop().create_future()
                self.queue.append((answer, report.broken))
                self.stands.release()
                await answer
                await asyncio.sleep(self.lab.random.uniform(*HOP))
            self.tally["good"] += 1
        except BadRequest:
            self.tally["hopeless"] += 1
            raise
        finally:
            scooter.asking -= 1

    async def report(self, scooter: Scooter) -> None:
        """Tell the service where the scooter is, retrying in one layer of code or in two."""
        report = Report(self.lab.random.random() < BROKEN)
        work = partial(self.attempt, scooter, report)
        scooter.reports += 1
        scooter.upset = True
        try:
            for _ in range(self.lab.control("layers") - 1):
                work = partial(scooter.policy.retry, work)
            await scooter.policy.retry(work)
            scooter.upset = False
        except BadRequest:
            scooter.upset = False
        except (ConnectionError, TimeoutError):
            self.tally["lost"] += 1
        except Exception as error:
            self.tally["lost"] += 1
            self.flaw(error)
        finally:
            scooter.reports -= 1
            # [/scooter]

    def flaw(self, error: Exception) -> None:
        """The policy itself has failed: told once a kind."""
        name = type(error).__name__[:40]
        if name not in self.flaws and len(self.flaws) < 5:
            self.flaws.add(name)
            self.lab.emit("policy.broke", error=name, text=str(error)[:120])

    async def ride(self, number: int) -> None:
        """A report every PERIOD, whatever became of the last one."""
        random = self.lab.random
        await asyncio.sleep(random.uniform(0, PERIOD))
        while True:
            if number < self.lab.control("clients"):
                self.lab.spawn(self.report(self.fleet[number]))
            await asyncio.sleep(PERIOD * random.uniform(0.9, 1.1))

    def become(self, after: str) -> None:
        if after != self.state:
            self.lab.emit("service.state", before=self.state, after=after)
            self.state, self.since = after, self.lab.now

    async def story(self) -> None:
        for at, name, value in STORY:
            await asyncio.sleep(at - self.lab.now)
            self.lab.set(name, value)

    # [model]
    def worst(self) -> float:
        """Requests a second if nobody were answered: the model beside the measured arrivals."""
        control = self.lab.control
        attempts = 1 if control("budget") else (1 + control("retries")) ** control("layers")
        return round(len(self.riding) / PERIOD * attempts, 1)
        # [/model]

    def measure(self) -> None:
        """One `fleet.load` event, and from the last second of them: is the service drowning?"""
        count, riding = self.tally, self.riding
        self.tally = Counter()
        self.recent.append(count)
        self.lab.emit(
            "fleet.load",
            **{name: count[name] for name in COUNTED},
            queue=len(self.queue),
            stale=sum(answer.done() for answer, _ in self.queue),
            asking=sum(scooter.asking > 0 for scooter in riding),
            pausing=sum(scooter.reports > 0 and not scooter.asking for scooter in riding),
            upset=sum(scooter.upset and not scooter.reports for scooter in riding),
            tokens=round(sum(map(tokens_of, riding)) / len(riding), 2) if self.lab.control("budget") else -1,
        )
        total: Counter[str] = sum(self.recent, Counter())
        calls = len(riding) / PERIOD
        if self.state == "ok" and self.lab.now - self.since > 1.5 and total["good"] < calls * 0.4:
            self.become("jam")
        elif self.state == "jam" and total["good"] > calls * 0.8:
            self.become("ok")


def tokens_of(scooter: Scooter) -> float:
    """What is left of a scooter's budget; 0 when the reader's classes do not tell."""
    left = getattr(getattr(scooter.policy, "budget", None), "tokens", 0)
    return float(left) if isinstance(left, int | float) and abs(left) < 1e6 else 0.0


async def scenario(lab: Lab) -> None:
    """Runs until the lab stops it. Virtual seconds."""
    world = World(lab)
    lab.emit("world.ready", capacity=CAPACITY, backlog=BACKLOG, period=PERIOD, savings=SAVINGS)
    if lab.control("down"):
        world.fall()
    for _ in range(WORKERS):
        lab.spawn(world.worker())
    for number in range(FLEET):
        lab.spawn(world.ride(number))
    lab.spawn(world.story())
    while True:
        for _ in range(round(1 / TICK)):
            await asyncio.sleep(TICK)
            world.measure()
        arrivals = sum(count["first"] + count["again"] for count in world.recent)
        lab.emit("fleet.balance", arrivals=arrivals, worst=world.worst(), capacity=CAPACITY)
