# Двое вытянуты, но не сравниваются: это просто жребий.
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


class PowerOfTwoChoices:
    def __init__(self, nodes):
        self.nodes = list(nodes)

    def able(self):
        able = [node for node in self.nodes if node.healthy and node.weight > 0]
        return able or [node for node in self.nodes if node.healthy]

    def cost(self, node):
        return (node.load + 1) / (node.weight or 1)

    def pick(self):
        able = self.able()
        if not able:
            raise NoHealthyNodes
        pair = random.sample(able, min(2, len(able)))
        return pair[0]
