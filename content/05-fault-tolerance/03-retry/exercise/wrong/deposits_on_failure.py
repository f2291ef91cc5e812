# fails: pays_for_retries, only_success_pays_back
# Бюджет пополняет любой исход, а не только удача.
import asyncio
import math
import random as chance


class RetryBudget:
    def __init__(self, capacity=10.0, ratio=0.1):
        if capacity < 0 or ratio < 0:
            raise ValueError("capacity и ratio не бывают отрицательными")
        self._capacity = round(capacity * 1000)
        self._ratio = round(ratio * 1000)
        self._left = self._capacity

    @property
    def tokens(self):
        return self._left / 1000

    def deposit(self):
        self._left = min(self._capacity, self._left + self._ratio)

    def withdraw(self):
        if self._left < 1000:
            return False
        self._left -= 1000
        return True


class RetryPolicy:
    def __init__(
        self,
        max_retries,
        initial_delay,
        max_delay,
        multiplier=2.0,
        jitter="full",
        retryable=(ConnectionError, TimeoutError),
        *,
        budget=None,
        deadline=None,
        random=chance.random,
    ):
        if max_retries < 0 or initial_delay < 0 or max_delay < initial_delay or multiplier < 1:
            raise ValueError("паузы и повторы вне допустимого")
        if jitter not in ("none", "full") or (deadline is not None and deadline <= 0):
            raise ValueError("нет такого джиттера или срока")
        self.max_retries = max_retries
        self.initial_delay = initial_delay
        self.max_delay = max_delay
        self.multiplier = multiplier
        self.jitter = jitter
        self.retryable = retryable
        self.budget = budget
        self.deadline = deadline
        self.random = random

    def pause(self, retries):
        try:
            ceiling = min(self.max_delay, self.initial_delay * self.multiplier**retries)
        except OverflowError:
            ceiling = self.max_delay
        return ceiling if self.jitter == "none" else ceiling * self.random()

    async def retry(self, function, *args):
        now = asyncio.get_running_loop().time
        until = math.inf if self.deadline is None else now() + self.deadline
        retries = 0
        while True:
            try:
                async with asyncio.timeout_at(None if until == math.inf else until):
                    result = await function(*args)
            except self.retryable:
                if self.budget is not None:
                    self.budget.deposit()
                if retries >= self.max_retries:
                    raise
                pause = self.pause(retries)
                if now() + pause >= until:
                    raise
                if self.budget is not None and not self.budget.withdraw():
                    raise
            else:
                if self.budget is not None:
                    self.budget.deposit()
                return result
            await asyncio.sleep(pause)
            retries += 1
