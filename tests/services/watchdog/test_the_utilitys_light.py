"""The light of the utility, over real sockets."""

from pathlib import Path

import pytest

from services.watchdog.asking import Asking
from services.watchdog.eye import Eye, ReadingAccount
from services.watchdog.light import Light, Reading
from services.watchdog.part_looks import PartLooks, trust
from services.watchdog.place import Place
from tests.services.utility.bad_server import Serve, answering, reset, serving

NOWHERE = "http://127.0.0.1:1"


async def looked(engine: Serve, simulated: Serve | None = None) -> Reading:
    """Look once at an engine that answers so, and a simulated utility that does."""
    async with serving(engine) as behind, serving(simulated or engine) as other:
        place = Place(
            data=Path(),
            host="127.0.0.1",
            sip_port=1,
            agi_port=1,
            http=behind.url,
            database_url="",
            prober_password="",
            simulated_utility=other.url if simulated else "",
        )
        account = ReadingAccount(host="127.0.0.1", port=1, username="x", secret="x")
        asking = Asking(behind.url, trust(behind.url, None))
        looks = PartLooks(place, Eye(account), asking, progress=lambda: None)
        try:
            return await looks.utility()
        finally:
            asking.close()


def engine_says(answers: bool | None) -> Serve:
    return answering({"utility": "utility at x", "utility_answers": answers})


@pytest.mark.parametrize(
    ("answers", "light"),
    [(True, Light.GREEN), (False, Light.YELLOW), (None, Light.GREY)],
)
async def test_the_engine_knows_whether_its_utility_answers(
    answers: bool | None, light: Light
) -> None:
    reading = await looked(engine_says(answers))

    assert (reading.light, reading.sentence) == (light, "utility at x")


async def test_a_simulated_one_that_is_gone_is_seen_before_anybody_asks_it() -> None:
    reading = await looked(engine_says(True), simulated=reset)

    assert reading.light is Light.YELLOW
    assert "the simulated one at http://127.0.0.1:" in reading.sentence
    well = await looked(engine_says(True), simulated=engine_says(None))
    assert well.light is Light.GREEN


async def test_of_an_engine_that_is_silent_nothing_is_known() -> None:
    assert (await looked(reset)).light is Light.GREY
