# fails: refuses_when_open, tells_time_left, own_clock, failed_probe_reopens, stale_news_when_open
# Вместо отказа ждёт, пока выйдет срок.
import asyncio


class CircuitOpen(Exception):
    def __init__(self, name, retry_in):
        super().__init__(f"цепь {name!r} разомкнута, повторите через {retry_in:.2f} с")
        self.name = name
        self.retry_in = retry_in


class CircuitBreaker:
    def __init__(
        self, name, timeout, failure_threshold, success_threshold, *, excluded=(), clock=None, listeners=()
    ):
        if timeout <= 0 or failure_threshold < 1 or success_threshold < 1:
            raise ValueError("timeout и пороги должны быть положительны")
        self.name = name
        self.timeout = timeout
        self.failure_threshold = failure_threshold
        self.success_threshold = success_threshold
        self.state = "closed"
        self.failures = 0
        self.successes = 0
        self._excluded = tuple(excluded)
        self._clock = clock
        self._listeners = list(listeners)
        self._opened_at = 0.0
        self._probing = False
        self._epoch = 0

    async def call(self, function, *args):
        if self.state == "open":
            await asyncio.sleep(max(0.0, self._opened_at + self.timeout - self._now()))
        self._enter()
        epoch = self._epoch
        try:
            result = await function(*args)
        except self._excluded:
            self._good(epoch)
            raise
        except Exception:
            self._bad(epoch)
            raise
        except BaseException:
            self._free(epoch)
            raise
        self._good(epoch)
        return result

    def _enter(self):
        if self.state == "open":
            left = self._opened_at + self.timeout - self._now()
            if left > 0:
                raise CircuitOpen(self.name, left)
            self._turn("half_open")
        if self.state == "half_open":
            if self._probing:
                raise CircuitOpen(self.name, 0.0)
            self._probing = True

    def _good(self, epoch):
        if epoch != self._epoch:
            return
        self._probing = False
        self.failures = 0
        if self.state == "half_open":
            self.successes += 1
            if self.successes >= self.success_threshold:
                self._turn("closed")

    def _bad(self, epoch):
        if epoch != self._epoch:
            return
        self._probing = False
        self.failures += 1
        if self.state == "half_open" or self.failures >= self.failure_threshold:
            self._opened_at = self._now()
            self._turn("open")

    def _free(self, epoch):
        if epoch == self._epoch:
            self._probing = False

    def _turn(self, state):
        before, self.state = self.state, state
        self._epoch += 1
        self._probing = False
        self.successes = 0
        for listener in self._listeners:
            try:
                listener(self.name, before, state)
            except Exception:
                pass

    def _now(self):
        return self._clock() if self._clock else asyncio.get_running_loop().time()
