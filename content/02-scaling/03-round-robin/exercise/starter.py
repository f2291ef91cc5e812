from dataclasses import dataclass


class NoHealthyNodes(Exception):
    """Некому отдать запрос: живых узлов нет."""


@dataclass(eq=False)  # узлы сравниваются как объекты, поэтому годятся в ключи словаря
class Node:
    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0


class SmoothWeightedRoundRobin:
    """Раздаёт запросы по весам, плавно. Правила — в задании."""

    def __init__(self, nodes):
        self.nodes = list(nodes)
        self.turn = 0

    def pick(self):
        # Пока это простой круг: ни весов, ни здоровья. Ваш ход.
        node = self.nodes[self.turn % len(self.nodes)]
        self.turn += 1
        return node
