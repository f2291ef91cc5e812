# fails: published_order, equal_weights
# Из равных выбирается последний.
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
        if weights != self.weights:
            before = sum(self.weights.values()) or total
            self.owed = {node: self.owed.get(node, 0) * total / before for node in weights}
            self.weights = weights
        for node, weight in weights.items():
            self.owed[node] += weight
        best = max(reversed(weights), key=self.owed.get)
        self.owed[best] -= total
        return best
