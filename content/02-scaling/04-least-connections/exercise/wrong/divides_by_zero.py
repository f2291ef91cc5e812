# Узлы без веса не отсеяны и роняют сравнение.
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
        able = [node for node in self.nodes if node.healthy]
        return able or [node for node in self.nodes if node.healthy]

    def cost(self, node):
        return (node.load + 1) / node.weight

    def pick(self):
        able = self.able()
        if not able:
            raise NoHealthyNodes
        pair = random.sample(able, min(2, len(able)))
        return min(pair, key=self.cost)
