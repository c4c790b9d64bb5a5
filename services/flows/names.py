"""What flows can name, read from files as they stand, right or half written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.editors import Names
from ivr.lookups import FILE_NAME as LOOK_UPS
from ivr.source import SourceRefused, read_source


def names_for(flow: Path, floor: Path) -> Names:
    """Return what a flow of a folder can name; what cannot be read is left out.

    Args:
        flow: Its file, among those of the others.
        floor: The floor file.
    """
    there, beside = _read(floor), _read(flow.parent.parent / LOOK_UPS)
    return Names(
        steps=_keys(_read(flow), "steps"),
        flows=sorted(path.stem for path in flow.parent.glob("*.yaml")),
        queues=_keys(there, "queues"),
        skills=_keys(there, "skills"),
        numbers=_keys(there, "numbers"),
        look_ups=_keys(beside, "look_ups"),
        orders=_keys(beside, "orders"),
    )


def _read(path: Path) -> Any:  # noqa: ANN401 - as written
    try:
        return read_source(path).value
    except SourceRefused:
        return {}


def _keys(written: Any, name: str) -> list[str]:  # noqa: ANN401 - as written
    found = written.get(name) if isinstance(written, Mapping) else None
    return [*found] if isinstance(found, Mapping) else []
