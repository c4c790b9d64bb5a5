"""The figures of reading AMI: ours beside panoramisk's."""

from collections.abc import Iterator

from services.runtime.bench import ami_wire
from services.runtime.bench.figures import Figure

_SEED = 22


def measure(*, rounds: int) -> Iterator[Figure]:
    """Yield how many times panoramisk's rate ours is, parsed and by name only."""
    found = ami_wire.measure(seed=_SEED, rounds=rounds)
    told = {
        "events": found.events,
        "panoramisk_per_cpu_s": round(found.panoramisk_per_cpu_s),
        "mean_bytes": round(found.mean_bytes),
        "mean_headers": round(found.mean_headers, 1),
    }
    for name, ratio, per_cpu_s, goal in (
        ("wire_parsed", found.full_ratio, found.full_per_cpu_s, None),
        ("wire_by_name", found.lazy_ratio, found.lazy_per_cpu_s, 16.0),
    ):
        yield Figure(
            name=name,
            value=ratio,
            unit="times panoramisk",
            n=found.rounds,
            floor=4.0,
            goal=goal,
            is_more_better=True,
            more=told | {"per_cpu_s": round(per_cpu_s)},
        )
