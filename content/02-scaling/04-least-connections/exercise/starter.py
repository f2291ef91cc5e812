import random
from dataclasses import dataclass


class NoHealthyNodes(Exception):
    """Некому отдать запрос: живых узлов нет."""


@dataclass(eq=False)  # узлы сравниваются как объекты
class Node:
    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0


class PowerOfTwoChoices:
    """Из двух случайных — тот, кто свободнее. Правила — в задании."""

    def __init__(self, nodes):
        self.nodes = list(nodes)

    def pick(self):
        # Пока это жребий: на нагрузку никто не смотрит. Ваш ход.
        return random.choice(self.nodes)
