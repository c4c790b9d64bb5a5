"""The floor of a bench, with two numbers whose callers are looked up."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.runtime.bench.floor_plan import QUEUE, FloorPlan

QUICK, PATIENT = "6002", "6003"
"""Numbers whose flow asks within 2 s, and within the longest limit there is."""
LIMITS_S: Mapping[str, float] = {QUICK: 2.0, PATIENT: 10.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingFloor(FloorPlan):
    """The floor of a bench, with two numbers whose callers are looked up."""

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write floor, flows and look-ups; return the floor and the flows' folder."""
        found = FloorPlan.write(self, folder)
        look_ups = {
            f"within{number}": {
                "asks": "caller",
                "takes": {"number": "text"},
                "gives": {"name": "text"},
                "limit_s": limit_s,
            }
            for number, limit_s in LIMITS_S.items()
        }
        path = found[1].parent / "lookups.yaml"
        path.write_text(json.dumps({"look_ups": look_ups}), encoding="utf-8")
        return found

    def walks(self) -> dict[str, Mapping[str, object]]:
        """Return the flows."""
        return FloorPlan.walks(self) | {
            f"asks{number}": {
                "hello": {"say": {"zh": "您好。"}, "goto": "ask"},
                "ask": {
                    "look_up": f"within{number}",
                    "with": {"number": "caller"},
                    "as": "who",
                    "goto": "known",
                    "not_found": "known",
                    "failed": "broken",
                },
                "known": {"say": {"zh": "正在转接。"}, "goto": "desk"},
                "broken": {"say": {"zh": "系统繁忙，正在转接人工。"}, "goto": "desk"},
                "desk": {"queue": QUEUE},
            }
            for number in LIMITS_S
        }

    def floor(self) -> dict[str, Any]:
        """Return what the floor's file says."""
        told = FloorPlan.floor(self)
        told["numbers"] |= {
            number: {"name": f"asks within {limit_s:g} s", "flow": f"asks{number}"}
            for number, limit_s in LIMITS_S.items()
        }
        return told
