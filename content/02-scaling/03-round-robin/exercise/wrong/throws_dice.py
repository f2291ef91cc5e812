# fails: published_order, equal_weights, exact_shares, nobody_ahead, sick_is_skipped, all_zero, weight_on_the_fly, no_revenge, heavy_leaves, flapping
# Жребий: доли верны только в среднем.
import random
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

    def pick(self):
        alive = [node for node in self.nodes if node.healthy]
        if not alive:
            raise NoHealthyNodes
        weights = [node.weight for node in alive]
        return random.choices(alive, weights if any(weights) else None)[0]
