import asyncio
import random as chance


class RetryBudget:
    """Корзина жетонов: повтор стоит один, удачный вызов возвращает `ratio`. Правила — в задании."""

    def __init__(self, capacity=10.0, ratio=0.1):
        self.capacity = capacity
        self.ratio = ratio
        self.tokens = capacity

    def deposit(self):
        """Вызов удался."""

    def withdraw(self):
        """Заплатить за один повтор. False — нечем."""
        return True


class RetryPolicy:
    """Повторяет вызов, пока это имеет смысл и пока есть чем платить."""

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
        self.max_retries = max_retries
        self.initial_delay = initial_delay
        self.max_delay = max_delay
        self.multiplier = multiplier
        self.jitter = jitter
        self.retryable = retryable
        self.budget = budget
        self.deadline = deadline
        self.random = random

    async def retry(self, function, *args):
        # Пока повторяется всё, без паузы и без счёта. Что повторять, сколько ждать и чем платить — за вами.
        for _ in range(self.max_retries):
            try:
                return await function(*args)
            except Exception:
                await asyncio.sleep(0)
        return await function(*args)
