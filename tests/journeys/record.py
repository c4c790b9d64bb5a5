"""What the tables of record say of a call, in the words of ``expect.yaml``."""

import hashlib
import io
import wave
from collections.abc import Mapping
from typing import Any

from services.phone.sound import AGENT_HZ, CALLER_HZ, loudness_at
from tests.journeys.story import Story
from tests.support.instance import RunningInstance

_LEFT, _RIGHT = 0, 1
_SAMPLE_BYTES = 2


async def call_ids(instance: RunningInstance, sip_call_id: str) -> list[str]:
    """Return the ids of all calls that a SIP dialog made; there should be one."""
    rows = await instance.rows(
        "SELECT call_id FROM calls WHERE sip_call_id = $1 ORDER BY arrived_at",
        sip_call_id,
    )
    return [str(row["call_id"]) for row in rows]


async def observed(
    instance: RunningInstance, story: Story, call_id: str
) -> dict[str, Any]:
    """Return one call, as an expectation would be written."""
    told = await instance.ask("GET", f"/calls/{call_id}/story")
    names = {story.agent_id(name): name for name in story.plan.agents}
    call = told["call"]
    left = await instance.rows(
        "SELECT callback_number FROM callbacks WHERE call_id = $1", call_id
    )
    recordings = [_recording(instance, row) for row in told["recordings"]]
    return {
        "call_id": call_id,
        "connected_at": call["connected_at"],
        "answered_at": call["answered_at"],
        "state": call["state"],
        "number": call["caller_number"],
        "name": call["caller_name"],
        "close_reason": call["close_reason"],
        "ended_by": call["ended_by"],
        "is_estimated": call["is_estimated"],
        "agent": names.get(call["agent_id"]),
        "walk": [_step(row) for row in told["steps"]],
        "offers": [f"{names[o['agent_id']]} {o['outcome']}" for o in told["offers"]],
        "talks": [
            f"{names[t['agent_id']]}, ended by {t['ended_by']}"
            for t in told["conversations"]
        ],
        "recordings": recordings,
        "callbacks": [row["callback_number"] for row in left],
        "is_anybody_heard": any("caller" in r or "agent" in r for r in recordings),
        "closings": sum(fact["kind"] == "call_closed" for fact in told["facts"]),
        "rang": {
            name: sum(
                offer["rang_at"] is not None
                for offer in told["offers"]
                if names[offer["agent_id"]] == name
            )
            + sum(
                # Rung by the open queue: there was no offer.
                names[talk["agent_id"]] == name
                for talk in told["conversations"]
                if talk["offer_id"] not in {o["offer_id"] for o in told["offers"]}
            )
            for name in story.plan.agents
        },
    }


async def strays(instance: RunningInstance) -> list[dict[str, Any]]:
    """Return legs that belong to no call, and calls that were never closed."""
    return await instance.rows(
        """SELECT l.leg_id AS id, l.role AS what FROM legs l
            LEFT JOIN calls c ON c.call_id = l.call_id WHERE c.call_id IS NULL
        UNION ALL
        SELECT leg_id, 'never ended' FROM legs WHERE ended_at IS NULL
        UNION ALL
        SELECT call_id::text, state FROM calls
            WHERE state <> 'closed' OR ended_at IS NULL"""
    )


def _step(row: Mapping[str, Any]) -> str:
    match row["kind"]:
        case "key":
            choice = "" if row["is_choice"] else ", no choice"
            return f"key {row['key']} at {row['step']}{choice}"
        case "timeout":
            return f"no key at {row['step']}"
        case "route":
            return f"route by {row['step']}"
        case _:
            return str(row["step"])


def _recording(instance: RunningInstance, row: Mapping[str, Any]) -> str:
    """Return what a recording's row says, once it is seen to be true."""
    if row["missing_reason"]:
        reason: str = row["missing_reason"]
        reason = reason.replace(f"call {row['call_id']}", "this call")
        return f"missing: {reason.replace(str(instance.data), 'DATA')}"
    sound = instance.recording(row)
    assert hashlib.sha256(sound).hexdigest() == row["sha256"]
    assert len(sound) == row["size_bytes"]
    with wave.open(io.BytesIO(sound)) as opened:
        assert opened.getnchannels() == row["channels"] == 2
        assert opened.getnframes() / opened.getframerate() == row["length_s"]
        pcm = opened.readframes(opened.getnframes())
    return f"left {_voice(pcm, _LEFT)}, right {_voice(pcm, _RIGHT)}"


def _voice(pcm: bytes, side: int) -> str:
    """Return whose voice is heard on one side, by its pitch."""
    frame = 2 * _SAMPLE_BYTES
    first = side * _SAMPLE_BYTES
    heard = b"".join(
        pcm[at + first : at + first + _SAMPLE_BYTES] for at in range(0, len(pcm), frame)
    )
    caller, agent = loudness_at(heard, CALLER_HZ), loudness_at(heard, AGENT_HZ)
    if max(caller, agent) < 50:
        return "silence"
    return "caller" if caller > 5 * agent else "agent" if agent > 5 * caller else "both"
