"""An alarm reaches people by webhook and by mail, and names the root."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from services.watchdog.alarm import Alarm, Told
from services.watchdog.bell import Bell
from services.watchdog.errors import AlarmUndelivered
from services.watchdog.light import Change, Light
from services.watchdog.senders import Mail, Sender, Webhook
from tests.services.watchdog.receivers import SmtpReceiver, WebhookReceiver
from tests.support.eventually import eventually


def at(seconds: float) -> datetime:
    return datetime(2026, 11, 22, 8, tzinfo=UTC) + timedelta(seconds=seconds)


def told(
    component: str,
    after: Light = Light.RED,
    *,
    because: str | None = None,
    duration_s: float | None = None,
) -> Told:
    before = Light.GREEN if after is not Light.GREEN else Light.RED
    change = Change(
        component=component,
        before=before,
        after=after,
        at=at(1),
        sentence=f"{component}: no answer; see its log",
    )
    return Told(change=change, because=because, duration_s=duration_s)


def alarm(*changes: Told) -> Alarm:
    return Alarm(instance="hotline-1", at=at(3), told=changes)


@asynccontextmanager
async def ringing(senders: Sequence[Sender]) -> AsyncIterator[Bell]:
    bell = Bell(
        senders,
        instance="hotline-1",
        now=lambda: at(3),
        gather_s=0.05,
        retries_s=(0.01, 0.01),
    )
    running = asyncio.create_task(bell.run())
    try:
        yield bell
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_the_subject_names_the_root_and_counts_the_rest() -> None:
    found = alarm(
        told("agi", because="engine"), told("engine"), told("http", because="engine")
    )

    assert found.subject == "tieline hotline-1: engine red (+2)"
    assert found.text.startswith("engine: green -> red since 2026-11-22T08:00:01+00:00")
    assert "agi: green -> red" in found.text
    assert ", because of engine" in found.text


def test_an_alarm_that_all_is_well_tells_how_long_it_was_not() -> None:
    found = alarm(told("database", Light.GREEN, duration_s=12.34))

    assert found.light is Light.GREEN
    assert "database: red -> green" in found.text
    assert "after 12.3 s" in found.text


async def test_what_changes_within_a_moment_is_one_alarm_by_both_ways() -> None:
    async with WebhookReceiver() as web, SmtpReceiver() as post:
        mail = Mail(
            host="127.0.0.1",
            port=post.port,
            security="none",
            sender="tieline@example.org",
            receivers=("ann@example.org", "bob@example.org"),
        )
        webhook = Webhook(url=f"{web.url}?token=t", is_private_ok=True)
        async with ringing([webhook, mail]) as bell:
            bell.ring(told("agi", because="engine"))
            bell.ring(told("engine"))
            await eventually(lambda: bool(web.came) and bool(post.came))

            (body,) = web.came
            assert body["light"] == "red"
            assert body["subject"] == "tieline hotline-1: engine red (+1)"
            assert [one["component"] for one in body["changes"]] == ["engine", "agi"]
            assert body["changes"][0]["sentence"] == "engine: no answer; see its log"
            (letter,) = post.came
            assert letter["Subject"] == "tieline hotline-1: engine red (+1)"
            assert letter["To"] == "ann@example.org, bob@example.org"
            assert "engine: no answer; see its log" in letter.get_content()
            assert bell.problems == {}


async def test_an_alarm_is_tried_again_a_few_times() -> None:
    async with WebhookReceiver(refusals=2) as web:
        webhook = Webhook(url=web.url, is_private_ok=True)
        async with ringing([webhook]) as bell:
            bell.ring(told("engine"))
            await eventually(lambda: web.tries == 3 and bell.problems == {})

            assert len(web.came) == 1


async def test_an_alarm_that_nobody_takes_is_given_up_and_the_next_is_tried() -> None:
    async with WebhookReceiver(refusals=3) as web:
        webhook = Webhook(url=web.url, is_private_ok=True)
        async with ringing([webhook]) as bell:
            bell.ring(told("engine"))
            await eventually(lambda: web.tries == 3)
            assert "answered 500, not 2xx" in bell.problems["webhook"]

            bell.ring(told("database"))
            await eventually(lambda: len(web.came) == 1)
            assert web.came[0]["changes"][0]["component"] == "database"


async def test_a_webhook_of_this_machine_needs_leave() -> None:
    async with WebhookReceiver() as web:
        webhook = Webhook(url=web.url, is_private_ok=False)

        with pytest.raises(AlarmUndelivered, match="TIELINE_ALARM__IS_PRIVATE_OK"):
            await webhook.send(alarm(told("engine")))
        assert web.tries == 0


async def test_a_webhook_that_leads_elsewhere_is_not_followed() -> None:
    async with WebhookReceiver() as inner, WebhookReceiver(moved_to=inner.url) as web:
        webhook = Webhook(url=web.url, is_private_ok=True)

        with pytest.raises(AlarmUndelivered, match="answered 302, not 2xx"):
            await webhook.send(alarm(told("engine")))
        assert inner.tries == 0


async def test_a_token_in_the_address_is_in_no_word_of_ours() -> None:
    async with WebhookReceiver(refusals=1) as web:
        webhook = Webhook(url=f"{web.url}?token=s3cret", is_private_ok=True)

        with pytest.raises(AlarmUndelivered) as refused:
            await webhook.send(alarm(told("engine")))
        assert "s3cret" not in f"{refused.value}{webhook!r}"


async def test_a_mail_server_that_is_away_is_told_in_words() -> None:
    mail = Mail(
        host="127.0.0.1",
        port=9,
        security="none",
        sender="tieline@example.org",
        receivers=("ann@example.org",),
    )

    with pytest.raises(AlarmUndelivered, match=r"mail by 127\.0\.0\.1:9: "):
        await mail.send(alarm(told("engine")))


def test_an_alarm_can_be_read_by_a_machine() -> None:
    body = json.loads(json.dumps(alarm(told("engine")).as_dict()))

    assert body["source"] == "tieline"
    assert body["changes"][0]["since"] == "2026-11-22T08:00:01+00:00"
