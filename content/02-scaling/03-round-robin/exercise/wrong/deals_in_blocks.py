# fails: published_order, equal_weights, nobody_ahead, no_revenge, flapping, drained
# Раздача пачками: сколько вес, столько запросов подряд.
from dataclasses import dataclass


class NoHealthyNodes(Exception):
    """Живых узлов нет."""


@dataclass(eq=False)
class Node:
    id: str
    address: str
    weight: int = 1
    healthy: bool = True
    load: int = 0


class SmoothWeightedRoundRobin:
    """Раздаёт запросы по весам."""

    def __init__(self, nodes):
        self.nodes = list(nodes)
        self.turn = 0

    def pick(self):
        alive = [node for node in self.nodes if node.healthy]
        if not alive:
            raise NoHealthyNodes
        places = [node for node in alive for _ in range(node.weight)] or alive
        node = places[self.turn % len(places)]
        self.turn += 1
        return node
