"""The matching of two sets with the highest total weight, in which each element is in at most one pair."""

import heapq
from collections.abc import Mapping

Weights = Mapping[int, Mapping[int, float]]


def best_matching(weights: Weights) -> dict[int, int]:
    """Return the pairs of a matching whose total weight is the highest. Pairs of a weight up to 0 are left out.

    `weights` has the weight of each possible pair by its left and its right element, both numbers from 0. This is the Hungarian
    method on a sparse graph, by shortest augmenting paths with potentials. Each left element has a place of its own with weight
    0, which means that it is unmatched, so that each path ends near its beginning.
    """
    search = _Search(weights)
    for left in weights:
        search.add(left)
    return {left: place for left, place in search.place.items() if place >= 0}


class _Search:
    """The state of the search. A place is the number of a right element, or below 0 that of an unmatched left element."""

    def __init__(self, weights: Weights) -> None:
        self.edges = {
            left: [(-1 - left, 0.0), *((right, -weight) for right, weight in of_left.items() if weight > 0)]
            for left, of_left in weights.items()
        }
        self.taken: dict[int, int] = {}
        self.place: dict[int, int] = {}
        self.price: dict[int, float] = {}
        self.value: dict[int, float] = {}

    def add(self, start: int) -> None:
        """Give `start` the place at the end of the cheapest path, and move the elements on the path."""
        price, value, taken = self.price, self.value, self.taken
        value[start] = min(cost - price.get(place, 0.0) for place, cost in self.edges[start])
        distances: dict[int, float] = {}
        before: dict[int, int] = {}
        done: dict[int, float] = {}
        heap: list[tuple[float, int]] = []
        left, reached = start, 0.0
        while True:
            base = reached - value[left]
            for place, cost in self.edges[left]:
                distance = base + cost - price.get(place, 0.0)
                if place not in done and distance < distances.get(place, float("inf")):
                    distances[place], before[place] = distance, left
                    heapq.heappush(heap, (distance, place))
            reached, end = heapq.heappop(heap)
            while end in done:
                reached, end = heapq.heappop(heap)
            if end not in taken:
                break
            done[end], left = reached, taken[end]
        value[start] += reached
        for place, distance in done.items():
            price[place] = price.get(place, 0.0) - (reached - distance)
            value[taken[place]] += reached - distance
        self._move(start, end, before)

    def _move(self, start: int, end: int, before: Mapping[int, int]) -> None:
        place, left = end, -1
        while left != start:
            left = before[place]
            self.taken[place] = left
            place, self.place[left] = self.place.get(left, place), place
