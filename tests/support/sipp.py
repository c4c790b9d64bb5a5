"""Where tests found SIPp before it moved to the phones."""

from services.phone.sipp import (
    CallerPlan,
    DevicePlan,
    Load,
    SippCall,
    SippOutcome,
    SippRun,
    devices_ringing,
    place_calls,
    register_devices,
)

__all__ = [
    "CallerPlan",
    "DevicePlan",
    "Load",
    "SippCall",
    "SippOutcome",
    "SippRun",
    "devices_ringing",
    "place_calls",
    "register_devices",
]
