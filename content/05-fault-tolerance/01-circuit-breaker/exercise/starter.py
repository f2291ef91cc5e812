class CircuitOpen(Exception):
    """Вызову отказали, сервис не трогали. `retry_in` — через сколько секунд имеет смысл прийти снова."""

    def __init__(self, name, retry_in):
        super().__init__(f"цепь {name!r} разомкнута, повторите через {retry_in:.2f} с")
        self.name = name
        self.retry_in = retry_in


class CircuitBreaker:
    """Хранит сервис от вызывающих, а вызывающих — от сервиса. Правила — в задании."""

    def __init__(
        self,
        name,
        timeout,
        failure_threshold,
        success_threshold,
        *,
        excluded=(),
        clock=None,
        listeners=(),
    ):
        self.name = name
        self.timeout = timeout
        self.failure_threshold = failure_threshold
        self.success_threshold = success_threshold
        self.state = "closed"
        self.failures = 0
        self.successes = 0

    async def call(self, function, *args):
        # Пока предохранитель пропускает всё подряд. Ваш ход: кого не пускать и что запоминать?
        return await function(*args)
