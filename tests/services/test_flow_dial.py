"""What ``tieline flow dial`` takes, and how it is refused."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.runtime.commands.flow import app
from services.runtime.errors import NoInstance


@pytest.mark.parametrize("period", ["1", "0h", "often", "1w", "-1h"])
def test_a_period_that_is_none_is_refused(period: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["dial", f"--every={period}", "--data", str(tmp_path)]
    )

    assert done.exit_code == 2
    assert "should be as 30m, 1h or 1d" in done.output


def test_where_no_instance_runs_nothing_is_dialled(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["dial", "--data", str(tmp_path)])

    assert isinstance(done.exception, NoInstance)
