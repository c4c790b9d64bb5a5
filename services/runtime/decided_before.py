"""Routing decisions of a call from the journal: as written, or lived through again."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from acd.core.engine import Engine
from acd.core.remembered import restore
from acd.policy import FloorPolicy
from acd.vocabulary.errors import AcdError
from acd.vocabulary.facts import Fact, ToldFact
from acd.vocabulary.ids import CallId, OfferId
from acd.vocabulary.routing_facts import RoutingDecided
from acd.vocabulary.wire import WireError, kind_of
from services.store import checkpoints
from services.store.segments import Entry, Origin, Reader

_AT_ONCE = 1000
_NO_END = 1 << 62
_KIND = f'"{kind_of(RoutingDecided)}"'

Decisions = dict[OfferId, RoutingDecided]


def written(folder: Path, call_id: CallId) -> Decisions:
    """Return the decisions of a call that the journal has.

    Raises:
        OSError: The journal cannot be read.
    """
    found: Decisions = {}
    for entry in _entries(folder, 1):
        # Text is looked at first: to read each fact would take minutes.
        if _KIND in entry.text and call_id in entry.text:
            fact = _fact(entry)
            if isinstance(fact, RoutingDecided) and fact.call_id == call_id:
                found[fact.offer_id] = fact
    return found


def lived_again(folder: Path, policy: FloorPolicy, call_id: CallId) -> Decisions:
    """Return the decisions of a call as an engine takes them that lives it again.

    It begins with a checkpoint that was made before the call, or else with the
    journal's oldest entry. A policy other than that of the day decides otherwise, and
    so does one who did not see the days before: compare whom it chose.

    Raises:
        OSError: The journal cannot be read.
    """
    first_seq = _first_of(folder, call_id)
    if first_seq is None:
        return {}
    engine = Engine(policy)
    found: Decisions = {}
    for entry in _entries(folder, _begun(engine, folder, first_seq)):
        if entry.origin is Origin.TOLD and isinstance(fact := _fact(entry), ToldFact):
            of_all = _decided(engine, fact)
            found |= {k: it for k, it in of_all.items() if it.call_id == call_id}
            if call_id in engine.floor.closed:
                break
    return found


def everything(folder: Path, policy: FloorPolicy) -> tuple[Decisions, Decisions]:
    """Return all decisions that the journal has, and all that are taken again.

    An engine that knows nothing lives through the journal from its oldest entry, which
    must be the first there was.

    Raises:
        OSError: The journal cannot be read.
    """
    engine = Engine(policy)
    stood: Decisions = {}
    again: Decisions = {}
    for entry in _entries(folder, 1):
        if entry.origin is Origin.TOLD and isinstance(fact := _fact(entry), ToldFact):
            again |= _decided(engine, fact)
        elif _KIND in entry.text and isinstance(fact := _fact(entry), RoutingDecided):
            stood[fact.offer_id] = fact
    return stood, again


def _begun(engine: Engine, folder: Path, before_seq: int) -> int:
    """Let an engine know what was so before an entry; return where to go on."""
    for seq, path in reversed(checkpoints.kept(folder)):
        if seq < before_seq:
            with contextlib.suppress(OSError, ValueError):
                restore(engine.floor, checkpoints.read(path))
                return seq + 1
    return 1


def _decided(engine: Engine, fact: ToldFact) -> Decisions:
    try:
        outcome = engine.apply(fact)
    except AcdError:
        return {}  # it was taken in once; a floor of now does not know it
    return {it.offer_id: it for it in outcome.facts if isinstance(it, RoutingDecided)}


def _first_of(folder: Path, call_id: CallId) -> int | None:
    return next((it.seq for it in _entries(folder, 1) if call_id in it.text), None)


def _entries(folder: Path, from_seq: int) -> Iterator[Entry]:
    """Yield what is whole of a journal that may be written meanwhile."""
    reader = Reader(folder, from_seq, on_damage=lambda _damage: None)
    try:
        while batch := reader.batch(limit=_AT_ONCE, up_to_seq=_NO_END):
            yield from batch
    finally:
        reader.close()


def _fact(entry: Entry) -> Fact | None:
    try:
        return entry.fact()
    except WireError:
        return None
