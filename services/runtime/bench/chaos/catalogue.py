"""Every fault by its id: which there are, which are left out, and why."""

from collections.abc import Mapping

from services.runtime.bench.chaos.engine_faults import ENGINE_KILLED
from services.runtime.bench.chaos.fault import Fault

FAULTS: Mapping[str, Fault] = {fault.fault_id: fault for fault in (ENGINE_KILLED,)}

SHORT = ("F-01", "F-02", "F-05", "F-06", "F-07", "F-09")
"""What ``--short`` runs."""

LEFT_OUT: Mapping[str, str] = {
    "F-14": "there is no recogniser of speech yet",
    "F-15": "no flow asks another system yet",
    "F-20": "there is no standby engine yet",
}
