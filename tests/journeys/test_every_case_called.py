"""Every shipped case over real SIP; minutes, so only by ``./tieline test -m calls``."""

import json
import os
import subprocess

import pytest

from services.runtime.settings import CHECKOUT
from tests.support.instance import TIELINE, free_base

LIMIT_S = 3600


@pytest.mark.calls
def test_every_shipped_case_goes_the_same_way_by_telephone() -> None:
    done = subprocess.run(
        (TIELINE, "flow", "test", "--call", "--json", "--base-port", str(free_base())),
        env={k: v for k, v in os.environ.items() if not k.startswith("TIELINE_")},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
    )

    assert done.stdout, done.stderr
    calls = json.loads(done.stdout)["calls"]
    assert sum(one["called"] for one in calls) >= 40
    differ = [one for one in calls if one["called"] and not one["same"]]
    assert differ == []
