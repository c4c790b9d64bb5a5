"""A rehearsal's instance: ``python -m services.runtime.rehearsal.up up --json …``."""

import argparse
import sys
from pathlib import Path

from services.runtime.commands.up import run
from services.runtime.errors import RuntimeProblem
from services.runtime.settings import read_settings

ENGINE = "services.runtime.rehearsal.engine"


def main() -> None:
    """Start an instance whose calls play cases, until it is told to stop."""
    parser = argparse.ArgumentParser(prog="tieline-rehearsal", description=__doc__)
    parser.add_argument("up", choices=["up"])
    parser.add_argument("--json", action="store_true", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base-port", type=int, required=True)
    parser.add_argument("--floor", type=Path, required=True)
    told = parser.parse_args()
    try:
        settings = read_settings(
            data=told.data, base_port=told.base_port, floor=told.floor
        )
        run(settings, engine_module=ENGINE, as_json=True)
    except RuntimeProblem as problem:
        sys.stderr.write(f"{problem}\n")
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
