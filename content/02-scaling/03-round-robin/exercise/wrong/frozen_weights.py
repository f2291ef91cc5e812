# fails: drained, all_zero, weight_on_the_fly
# Веса запомнены при создании.
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
        self.fixed = {node: node.weight for node in self.nodes}
        self.weights = {}
        self.owed = {}

    def pick(self):
        alive = [node for node in self.nodes if node.healthy]
        if not alive:
            raise NoHealthyNodes
        weights = {node: self.fixed[node] for node in alive if self.fixed[node] > 0} or dict.fromkeys(alive, 1)
        total = sum(weights.values())
        if weights != self.weights:
            before = sum(self.weights.values()) or total
            self.owed = {node: self.owed.get(node, 0) * total / before for node in weights}
            self.weights = weights
        for node, weight in weights.items():
            self.owed[node] += weight
        best = max(weights, key=self.owed.get)
        self.owed[best] -= total
        return best
