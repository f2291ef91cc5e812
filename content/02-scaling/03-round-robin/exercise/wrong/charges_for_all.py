# fails: sick_is_skipped, no_revenge, flapping
# Списывается сумма весов всех узлов, а начисляется только живым.
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
        self.weights = {}
        self.owed = {}

    def pick(self):
        alive = [node for node in self.nodes if node.healthy]
        if not alive:
            raise NoHealthyNodes
        weights = {node: node.weight for node in alive if node.weight > 0} or dict.fromkeys(alive, 1)
        total = sum(weights.values())
        self.owed = {node: self.owed.get(node, 0) for node in weights}
        for node, weight in weights.items():
            self.owed[node] += weight
        best = max(weights, key=self.owed.get)
        self.owed[best] -= sum(node.weight for node in self.nodes) or total
        return best
