import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from acd.vocabulary.ids import CallId, OfferId
from recordings.naming import final_path
from recordings.sealed import HEADER_BYTES, Whose
from recordings.store import keep_sealed
from recordings.vault import Vault
from services.api import problems
from services.api.listeners import Listener, Listeners
from services.api.recordings import Hearing, install
from services.runtime.retention import Retention
from services.store.audit import Act, Audit, latest, verify
from services.store.errors import DatabaseAway
from services.store.migrate import upgrade
from services.store.roles import Role
from tests.support.postgres import fresh_database
from tests.support.roles import granted_roles

CALL = "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
OFFER = "0ffe77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
OTHER = "0ffe77e1-0c56-4a0e-9b8e-5d1c0f4f7a11"
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SOUND = os.urandom(200_000)


@dataclass
class Place:
    owner: str
    database: str
    vault: Vault
    listeners: Listeners
    client: httpx.AsyncClient
    audit: Audit
    anchor: Path
    token: str = ""

    def path(self, offer_id: str = OFFER) -> Path:
        at = final_path(CallId(CALL), OfferId(offer_id), AT)
        return self.vault.recordings / at

    async def keep(self, offer_id: str = OFFER, queue: str = "q_fault") -> None:
        key = self.vault.key_for(CALL, at=AT)
        whose = Whose(call_id=CALL, offer_id=offer_id, key=key)
        kept = keep_sealed(self.path(offer_id), whose, lambda out: out.write(SOUND))
        path = str(self.path(offer_id).relative_to(self.vault.recordings))
        connection = await asyncpg.connect(self.owner)
        await connection.execute(
            "INSERT INTO recordings (offer_id, call_id, path, sha256, size_bytes,"
            " province, unit) VALUES ($1, $2, $3, $4, $5, 'YJ', '-')",
            *(offer_id, CALL, path, kept.sha256, kept.size_bytes),
        )
        await connection.execute(
            "INSERT INTO conversations (offer_id, call_id, agent_id, queue_id,"
            " province, unit) VALUES ($1, $2, '1001', $3, 'YJ', '-')",
            *(offer_id, CALL, queue),
        )
        await connection.close()

    async def get(
        self, offer_id: str = OFFER, call_id: str = CALL, **headers: str
    ) -> httpx.Response:
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        path = f"/calls/{call_id}/recordings/{offer_id}"
        return await self.client.get(path, headers=headers)

    async def acts(self) -> list[tuple[Any, ...]]:
        rows = await latest(self.owner, 100)
        return [(row["actor"], row["act"], row["object"]) for row in rows]


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with fresh_database() as owner:
        await upgrade(owner)
        async with granted_roles(owner) as roles:
            database = roles.url(Role.API)
            vault = Vault(tmp_path / "recordings", tmp_path / "secrets")
            listeners = Listeners(tmp_path / "secrets")
            anchor = tmp_path / "audit" / "anchor"
            audit = Audit(database, anchor)
            app = FastAPI()
            problems.install(app)
            install(app, Hearing(vault, audit, listeners, database=database))
            async with httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://127.0.0.1"
            ) as client:
                place = Place(owner, database, vault, listeners, client, audit, anchor)
                place.token = listeners.allow(Listener(name="carol", queues=None))
                await place.keep()
                yield place


async def test_a_recording_is_heard_as_it_was_and_that_is_one_audit_row(
    place: Place,
) -> None:
    answer = await place.get()

    assert (answer.status_code, answer.content) == (200, SOUND)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["etag"] == f'"{hashlib.sha256(SOUND).hexdigest()}"'
    assert answer.headers["cache-control"] == "no-store"
    assert await place.acts() == [("carol", "listened", f"{CALL} {OFFER}")]
    assert (await verify(place.owner, place.anchor)).rows == 1


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=65530-65545", 65_530, 65_546),
        ("bytes=199990-", 199_990, 200_000),
        ("bytes=-7", 199_993, 200_000),
        ("bytes=150000-999999999", 150_000, 200_000),
    ],
)
async def test_it_is_heard_from_any_place(
    place: Place, asked: str, first: int, end: int
) -> None:
    answer = await place.get(range=asked)

    assert (answer.status_code, answer.content) == (206, SOUND[first:end])
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/200000"
    assert len(await place.acts()) == 1


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-3", "lines=1-2", "x"])
async def test_what_is_no_single_range_is_the_whole(place: Place, asked: str) -> None:
    assert (await place.get(range=asked)).content == SOUND


async def test_a_range_behind_the_end_is_refused(place: Place) -> None:
    answer = await place.get(range="bytes=200000-")

    assert answer.status_code == 416
    assert answer.headers["content-range"] == "bytes */200000"


async def test_without_a_token_nothing_is_heard_and_that_is_audited(
    place: Place,
) -> None:
    place.token = ""

    answers = [await place.get() for _ in range(5)]
    answers.append(await place.get(authorization="Bearer wrong"))

    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].headers["www-authenticate"] == "Bearer"
    # One for all that come in so short a time: nobody fills the disk by trying.
    assert await place.acts() == [("unknown", "refused", f"{CALL} {OFFER}")]


async def test_a_right_that_was_taken_is_gone_at_once(place: Place) -> None:
    place.listeners.disallow("carol")

    assert (await place.get()).status_code == 401


async def test_a_token_made_anew_voids_the_one_before(place: Place) -> None:
    place.listeners.allow(Listener(name="carol", queues=None))

    assert (await place.get()).status_code == 401


async def test_recordings_of_other_queues_are_as_if_they_were_not(
    place: Place,
) -> None:
    await place.keep(OTHER, queue="q_complaint")
    place.token = place.listeners.allow(Listener(name="dan", queues=("q_fault",)))

    theirs, not_theirs = await place.get(), await place.get(OTHER)
    not_there = await place.get("0ffe77e1-0c56-4a0e-9b8e-5d1c0f4f7a12")

    assert theirs.status_code == 200
    assert not_theirs.status_code == not_there.status_code == 404
    assert not_theirs.json()["type"] == not_there.json()["type"]
    assert await place.acts() == [
        ("dan", "listened", f"{CALL} {OFFER}"),
        ("dan", "refused", f"{CALL} {OTHER}"),
    ]


async def test_names_that_are_no_ids_reach_no_file(place: Place) -> None:
    names = [
        "..%2f..%2f..%2fetc%2fpasswd",
        "../../etc/passwd",
        "%2e%2e%2f",
        f"{OFFER}%00",
        f"{OFFER}%0a",
        "a" * 200,
        "' OR 1=1 --",
        "2026%2f11%2f21%2fx.wav",
        OFFER.upper(),
    ]

    found = {name: (await place.get(name)).status_code for name in names}

    # 307: sent on to the path without its last /, which is none either.
    assert set(found.values()) <= {307, 404, 422}, found
    assert await place.acts() == []


async def test_a_record_that_names_a_file_of_elsewhere_opens_none(
    place: Place, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    canary.write_bytes(b"canary")
    connection = await asyncpg.connect(place.owner)
    await connection.execute("UPDATE recordings SET path = $1", f"../{canary.name}")
    await connection.close()

    answer = await place.get()

    assert answer.status_code == 500
    assert b"canary" not in answer.content


async def test_a_link_in_the_place_of_a_recording_is_not_followed(
    place: Place, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    place.path().rename(canary)
    place.path().symlink_to(canary)

    assert (await place.get()).status_code == 500


async def test_a_pipe_in_the_place_of_a_recording_keeps_nobody_waiting(
    place: Place,
) -> None:
    place.path().unlink()
    os.mkfifo(place.path())

    async with asyncio.timeout(10):
        assert (await place.get()).status_code == 500


async def test_a_shredded_recording_says_so(place: Place) -> None:
    place.vault.shred(CALL, by="bob", reason="asked to be forgotten")

    answer = await place.get()

    assert answer.status_code == 410
    assert "was shredded at" in answer.json()["detail"]


async def test_a_damaged_recording_is_told_before_anything_of_it_is_sent(
    place: Place,
) -> None:
    stored = bytearray(place.path().read_bytes())
    stored[HEADER_BYTES + 3] ^= 1
    place.path().write_bytes(stored)

    answer = await place.get()

    assert answer.status_code == 500
    assert answer.json()["type"] == "recording_unreadable"
    # Paths of this machine are for the log, not for who listens.
    assert str(place.vault.recordings) not in answer.text


async def test_what_cannot_be_audited_is_not_heard(place: Place) -> None:
    connection = await asyncpg.connect(place.owner)
    await connection.execute("ALTER TABLE audit RENAME TO elsewhere")
    await connection.close()

    answer = await place.get()

    assert answer.status_code == 503
    assert SOUND[:100] not in answer.content


# --- retention ------------------------------------------------------------------------


def retention(place: Place, keep_days: int | None = 180) -> Retention:
    return Retention(
        place.vault, place.audit, database=place.database, keep_days=keep_days
    )


async def test_what_is_too_old_is_shredded_with_an_audit_row(place: Place) -> None:
    day_180 = AT + timedelta(days=180)

    assert await retention(place).shred_old(day_180) == 0
    assert await retention(place).shred_old(day_180 + timedelta(seconds=1)) == 1

    assert (await place.get()).status_code == 410
    assert not place.path().exists()
    assert await place.acts() == [("retention", "shredded", CALL)]


async def test_without_days_everything_is_kept(place: Place) -> None:
    later = AT + timedelta(days=40_000)

    assert await retention(place, None).shred_old(later) == 0
    assert (await place.get()).status_code == 200


async def test_what_is_held_outlives_its_days(place: Place) -> None:
    place.vault.hold(CALL, by="carol", reason="court")

    assert await retention(place).shred_old(AT + timedelta(days=999)) == 0
    assert (await place.get()).status_code == 200


async def test_what_cannot_be_audited_is_not_shredded(place: Place) -> None:
    away = Audit("postgresql://a:b@127.0.0.1:1/x")
    late = Retention(place.vault, away, database=place.database, keep_days=1)

    with pytest.raises(DatabaseAway):
        await late.shred_old(AT + timedelta(days=999))

    assert (await place.get()).status_code == 200


async def test_what_a_backup_brings_back_is_shredded_again(place: Place) -> None:
    copies = {path: path.read_bytes() for path in place.vault.recordings.rglob("*.key")}
    await place.audit.note(Act.SHREDDED, actor="bob", what=CALL, reason="asked")
    place.vault.shred(CALL, by="bob", reason="asked")
    for path, content in copies.items():
        path.write_bytes(content)
    assert place.vault.key_of(CALL)

    await retention(place, None)._look_after()

    assert (await place.get()).status_code == 410
