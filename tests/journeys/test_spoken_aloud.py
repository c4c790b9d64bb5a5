"""The demo's personas speak over real SIP to real models: ``./tieline test -m speech``.

With ``TIELINE_SPEECH__ZH`` and ``__EN`` set, and better voices where there are some.
"""

import json
import subprocess
from pathlib import Path

import pytest

from services.runtime.settings import CHECKOUT, read_settings
from tests.support.instance import TIELINE, free_base

pytestmark = pytest.mark.speech

LIMIT_S = 5400
"""Sixteen calls one after the other, on a machine that may be busy."""


def test_every_persona_ends_where_keys_would_have_led(tmp_path: Path) -> None:
    speech = read_settings().speech
    if speech.zh == "off" or speech.en == "off":
        pytest.skip("no TIELINE_SPEECH__ZH and TIELINE_SPEECH__EN are set")

    done = subprocess.run(
        (
            *(TIELINE, "flow", "test", "--call", "--json", "--only", "aloud/"),
            *("--at-once", "1", "--base-port", str(free_base())),
            *("--data", str(tmp_path)),
        ),
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert done.stdout, done.stderr
    told = json.loads(done.stdout)
    spoken = told["spoken"]
    for one in spoken:
        for turn in one["turns"]:
            print(one["case"], turn)  # noqa: T201 - who runs it reads it
    assert [one for one in spoken if not one["right"]] == []
    assert len({one["case"][:9] for one in spoken}) >= 10
    assert len(spoken) >= 15
    # How many by words alone tells of models, voices and the machine: it is counted.
    print(sum(one["by_words"] for one in spoken), "by words alone")  # noqa: T201
    heard = [turn for one in spoken for turn in one["turns"] if turn["heard"]]
    assert heard, "no recogniser heard anything"
