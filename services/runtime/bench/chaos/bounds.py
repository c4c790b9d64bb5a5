"""What so many trials with so few failures prove: the 95 % bound of a share."""

import math

_STEPS = 60


def at_most_share(failures: int, trials: int, *, surely: float = 0.95) -> float:
    """Return the share that the true one does not exceed, so surely (Clopper-Pearson).

    Returns:
        1.0 where there were no trials, or all failed.
    """
    if trials == 0 or failures >= trials:
        return 1.0
    low, high = failures / trials, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _at_most(failures, trials, middle) > 1 - surely:
            low = middle
        else:
            high = middle
    return high


def _at_most(failures: int, trials: int, share: float) -> float:
    """Return how likely so few failures, or fewer, are with this share."""
    if share >= 1:
        return 0.0
    likely = trials * math.log1p(-share)
    total = math.exp(likely)
    for k in range(1, failures + 1):
        likely += math.log((trials - k + 1) / k) + math.log(share / (1 - share))
        total += math.exp(likely)
    return total
