"""Chance as a value: the same draws for the same call, whoever serves it."""

import math
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from statistics import NormalDist
from typing import Final

_64_BITS: Final = (1 << 64) - 1
_STEP: Final = 0x9E3779B97F4A7C15
_UNIT: Final = 1.0 / (1 << 53)
_NORMAL: Final = NormalDist()


def mixed(number: int) -> int:
    """Return 64 bits that look like nothing of the number (the mix of SplitMix64)."""
    number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9 & _64_BITS
    number = (number ^ (number >> 27)) * 0x94D049BB133111EB & _64_BITS
    return number ^ (number >> 31)


class Chance:
    """One stream of draws, known by its seed and by what it is for.

    Two streams of the same numbers give the same draws, whatever was drawn from any
    other: so two policies meet the same callers.
    """

    __slots__ = ("_state",)

    def __init__(self, *numbers: int) -> None:
        """Begin the stream that these numbers name, each 0 or more."""
        state = 0
        for number in numbers:
            state = mixed((state + _STEP + number) & _64_BITS)
        self._state = state

    def share(self) -> float:
        """Return a number above 0 and below 1, all alike."""
        self._state = state = (self._state + _STEP) & _64_BITS
        return ((mixed(state) >> 11) + 0.5) * _UNIT

    def normal(self) -> float:
        """Return a number of the normal distribution, of mean 0 and spread 1."""
        return _NORMAL.inv_cdf(self.share())

    def span(self, mean: float) -> float:
        """Return an exponential number of that mean; 0 for a mean of 0."""
        return -mean * math.log(self.share())

    def between(self, least: float, most: float) -> float:
        """Return a number from least to most, all alike."""
        return least + (most - least) * self.share()

    def pick(self, weights: Iterable[float]) -> int:
        """Return a place in a list of weights, each as likely as it weighs.

        Raises:
            ValueError: No weight is above 0.
        """
        sums = list(accumulate(weights, initial=0.0))
        reached = sums[-1]
        if reached <= 0:
            msg = "pick: a weight above 0 would do, got none"
            raise ValueError(msg)
        return bisect_right(sums, self.share() * reached) - 1

    def shuffled(self, count: int) -> list[int]:
        """Return the numbers from 0 to count - 1 in an order of chance."""
        order = list(range(count))
        for last in range(count - 1, 0, -1):
            other = int(self.share() * (last + 1))
            order[last], order[other] = order[other], order[last]
        return order
