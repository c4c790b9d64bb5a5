"""The floors of benches are such as `tieline up` takes."""

from pathlib import Path

import pytest

from services.floor.load import load_floor
from services.runtime.bench.chaos.asking_floor import AskingFloor
from services.runtime.bench.floor_plan import FloorPlan
from services.runtime.bench.menu_call import MenuFloor


@pytest.mark.parametrize(
    ("plan", "numbers"),
    [
        (FloorPlan(agents=3), 2),
        (MenuFloor(agents=3), 3),
        (AskingFloor(agents=3), 4),
    ],
)
def test_a_floor_of_a_bench_is_right(
    plan: FloorPlan, numbers: int, tmp_path: Path
) -> None:
    floor = load_floor(*plan.write(tmp_path))

    assert len(floor.numbers) == numbers
