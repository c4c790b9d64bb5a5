"""Whatever is lost, doubled, late or restarted: the rules of the floor hold."""

import pytest

from tests.model.world import CALM, Faults, World

SEEDS = 100
STEPS = 1_000
"""Of each seed: 100,000 in all."""
_TOLD = 30


def live(seed: int, faults: Faults | None = None, steps: int = STEPS) -> World:
    """Live through the world of a seed; what went before a failure is told with it."""
    world = World(seed, faults)
    try:
        world.run(steps)
    except Exception as error:
        story = "\n".join(world.log[-_TOLD:])
        error.add_note(f"seed {seed}, step {world.steps}:\n{story}")
        raise
    return world


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_rules_hold_on_a_bad_line(seed: int) -> None:
    live(seed)


def test_no_offer_is_made_twice_in_thousands_on_a_line_that_loses_five_in_a_hundred() -> (  # noqa: E501 - a sentence
    None
):
    faults = Faults(link=0, switch=0, engine=0, stuck=0)

    worlds = [live(1000 + n, faults, steps=10_000) for n in range(7)]

    assert sum(world.rules.offers for world in worlds) >= 2_000


def test_on_a_good_line_nothing_is_an_estimate() -> None:
    world = live(7, CALM)

    assert not any("lost" in line for line in world.log)
