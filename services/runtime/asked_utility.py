"""The utility that an instance asks: the one that settings name, or the simulated."""

from services.runtime.settings import Settings
from services.utility.back_office import HttpBackOffice
from services.utility.egress import Place


def back_office(settings: Settings) -> HttpBackOffice | None:
    """Return whom flows ask; None where there is no utility at all.

    What can be asked is what the flows that lead a call declare.
    """
    simulated = settings.simulated_utility
    url = settings.utility.url or simulated
    if not url:
        return None
    hosts = settings.utility.hosts.replace(" ", "").split(",")
    place = Place(
        url=url,
        hosts=frozenset(host.strip() for host in hosts)
        if not simulated
        else frozenset(),
        # Our own simulated one is on this machine, whatever else may be asked there.
        is_private_ok=bool(simulated) or settings.utility.is_private_ok,
    )
    return HttpBackOffice(place)


def told_of(settings: Settings, office: HttpBackOffice | None) -> str:
    """Return in one sentence who is asked, and whether it answers."""
    if office is None:
        return "utility: none is set; callers go the ways of their flows for that"
    who = "SIMULATED, its customers are invented" if settings.simulated_utility else ""
    problem = office.problem
    if problem is not None:
        return f"{problem} ({who})" if who else problem
    where = f"utility at {office.shown}: asked when a flow needs it"
    return f"{who}; {where}" if who else where
