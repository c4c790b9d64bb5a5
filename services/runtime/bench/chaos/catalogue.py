"""Every fault by its id: which there are, which are left out, and why."""

from collections.abc import Mapping

from services.runtime.bench.chaos import (
    abuse_faults,
    clock_faults,
    config_faults,
    crowd_faults,
    database_faults,
    disk_faults,
    engine_faults,
    link_faults,
    mangled_offers,
    phone_faults,
    power_faults,
    soak,
    speech_faults,
    switch_faults,
    toll_fraud,
    utility_faults,
)
from services.runtime.bench.chaos.fault import Fault, Measurement

_ALL: tuple[Fault | Measurement, ...] = (
    link_faults.LINK_RESET,
    link_faults.LINK_HALF_OPEN,
    link_faults.READER_BLOCKED,
    link_faults.LINK_MANGLED,
    mangled_offers.MANGLED_OFFERS,
    engine_faults.ENGINE_KILLED,
    engine_faults.ENGINE_HUNG,
    switch_faults.SWITCH_KILLED,
    switch_faults.SWITCH_KILLED_TWICE,
    database_faults.DATABASE_AWAY,
    database_faults.DATABASE_LOCKED,
    disk_faults.JOURNAL_FULL,
    disk_faults.RECORDINGS_FULL,
    phone_faults.ODD_PHONES,
    speech_faults.SPEECH_BROKEN,
    utility_faults.UTILITY_BROKEN,
    crowd_faults.STORM,
    crowd_faults.SIGN_IN,
    clock_faults.CLOCK_JUMPED,
    config_faults.BAD_CONFIGS,
    engine_faults.WATCHDOG_KILLED,
    engine_faults.ENGINE_STARVED,
    engine_faults.ENGINE_STOPPED,
    power_faults.POWER_CUT,
    abuse_faults.AGI_ABUSE,
    abuse_faults.SIP_TORTURE,
    toll_fraud.TOLL_FRAUD,
    soak.SOAK,
)
FAULTS: Mapping[str, Fault | Measurement] = {one.fault_id: one for one in _ALL}

SHORT = ("F-05", "F-06", "F-07", "F-01", "F-02", "F-09")
"""What ``--short`` runs: those on one instance one after the other, then the others."""

LEFT_OUT: Mapping[str, str] = {
    "F-20": "there is no standby engine yet",
    "F-24": "nothing serves a certificate to a phone, and no name is looked up, yet",
}
