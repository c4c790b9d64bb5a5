"""Each known fault of panoramisk, and that the watchdog's eye does not have it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.watchdog import eye as module
from services.watchdog.errors import FieldRefused, LinkAway
from services.watchdog.eye import Eye, ReadingAccount, SafeManager, _refuse_lines
from tests.support.eventually import eventually
from tests.support.fake_pbx import SECRET, FakePbx, block, fake_pbx


def account(pbx: FakePbx) -> ReadingAccount:
    return ReadingAccount(
        host="127.0.0.1", port=pbx.port, username="tieline", secret=SECRET
    )


@asynccontextmanager
async def looking(pbx: FakePbx) -> AsyncIterator[Eye]:
    eye = Eye(account(pbx))
    running = asyncio.create_task(eye.run())
    try:
        await eventually(lambda: eye.problem is None)
        yield eye
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def manager_of(eye: Eye) -> SafeManager:
    assert eye._manager is not None
    return eye._manager


async def test_it_asks_and_is_answered() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        told = await eye.ask("Ping")

        assert told["response"] == "Success"
        assert pbx.actions[0]["Events"] == "off"


async def test_a_character_cut_by_a_read_is_whole() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        names = []
        manager_of(eye).register_event(
            "Named", lambda _, event: names.append(event.name)
        )
        raw = block(("Event", "Named"), ("Name", "停电报修客户"), ("End", "1"))

        for cut in range(1, len(raw)):
            pbx.send(raw[:cut])
            await asyncio.sleep(0.002)
            pbx.send(raw[cut:])
        await eventually(lambda: len(names) == len(raw) - 1)

        assert set(names) == {"停电报修客户"}


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", "\u2028", "\u0085"])
async def test_what_would_become_another_action_is_refused_unsent(end: str) -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        with pytest.raises(FieldRefused, match="should be one line"):
            await eye.ask("Getvar", Variable=f"CC_HB{end}{end}Action: Logoff")

        assert {action["Action"] for action in pbx.actions} == {"Login", "Ping"}
        assert eye.problem is None


@given(st.text())
def test_no_text_becomes_more_than_one_line(text: str) -> None:
    try:
        _refuse_lines("Variable", text)
    except FieldRefused:
        return
    assert len(f"Variable: {text}".splitlines()) == 1
    assert "\0" not in text


async def test_what_was_not_answered_is_not_sent_again_on_the_next_link() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.drops_on.add("Originate")

        with pytest.raises(LinkAway, match="no answer to Originate"):
            await eye.ask("Originate", Channel="PJSIP/dev-1001")
        pbx.drops_on.clear()
        connections = pbx.connections
        await eventually(
            lambda: pbx.connections > connections or pbx.count("Login") > 1
        )
        await eventually(lambda: eye.problem is None)
        await eye.ask("Ping")

        assert pbx.count("Originate") == 1


async def test_a_link_that_is_half_open_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PING_LIMIT_S", 0.2)
    monkeypatch.setattr(module, "PING_EVERY_S", 0.1)
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.is_deaf = True

        await eventually(lambda: eye.problem is not None)
        assert "no answer to Ping: nothing in 0.2 s" in str(eye.problem)
        assert "does asterisk run?" in str(eye.problem)

        pbx.is_deaf = False
        await eventually(lambda: eye.problem is None)


async def test_a_callback_that_raises_leaves_the_link_and_the_other_callbacks() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        seen = []

        def broken(*_: object) -> None:
            raise RuntimeError("a fault of ours")

        manager_of(eye).register_event("*", broken)
        manager_of(eye).register_event("H*", lambda _, event: seen.append(event.event))
        pbx.send(block(("Event", "Hangup")) + block(("Event", "Hold")))
        await eventually(lambda: seen == ["Hangup", "Hold"])

        assert (await eye.ask("Ping"))["response"] == "Success"
        assert pbx.connections == 1


async def test_an_answer_that_breaks_its_reader_leaves_what_comes_after_it() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.unanswered.add("Originate")
        asking = asyncio.create_task(
            eye.ask("Originate", limit_s=0.5, Channel="PJSIP/dev-1001")
        )
        sent = await pbx.received("Originate")
        # panoramisk looks for a field "async" in the action, and finds none.
        pbx.send(
            block(
                ("Response", "Success"),
                ("ActionID", sent["ActionID"]),
                ("Message", "Originate successfully queued"),
            )
        )

        with suppress(LinkAway):
            await asking
        assert (await eye.ask("Ping"))["response"] == "Success"
        assert pbx.connections == 1


async def test_an_answer_that_sounds_like_a_list_is_one_answer() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.unanswered.add("QueueAdd")
        asking = asyncio.create_task(eye.ask("QueueAdd", Queue="fault"))
        sent = await pbx.received("QueueAdd")
        pbx.send(
            block(
                ("Response", "Success"),
                ("ActionID", sent["ActionID"]),
                ("Message", "Added interface to queue"),
            )
        )

        assert (await asking)["message"] == "Added interface to queue"


async def test_a_question_without_an_answer_ends_and_leaves_nothing() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.unanswered.add("CoreStatus")

        with pytest.raises(LinkAway, match=r"to CoreStatus: nothing in 0\.1 s"):
            await eye.ask("CoreStatus", limit_s=0.1)

        await eventually(lambda: not manager_of(eye).protocol.responses)


async def test_the_first_of_a_header_that_comes_twice_counts() -> None:
    async with fake_pbx() as pbx, looking(pbx) as eye:
        pbx.unanswered.add("Getvar")
        asking = asyncio.create_task(eye.ask("Getvar", Variable="CC_HB"))
        sent = await pbx.received("Getvar")
        pbx.send(
            block(
                ("Response", "Success"),
                ("ActionID", sent["ActionID"]),
                ("Value", "1"),
                ("Value", "2"),
            )
        )

        assert (await asking)["value"] == "1"


async def test_ended_while_it_waits_for_the_next_try_it_tries_no_more() -> None:
    async with fake_pbx() as pbx:
        async with looking(pbx) as eye:
            await pbx.stop()
            await eventually(lambda: eye.problem is not None)
        await pbx.start()
        logins = pbx.count("Login")
        await asyncio.sleep(0.5)

        assert pbx.count("Login") == logins


async def test_a_refused_log_in_is_told_with_what_would_do() -> None:
    async with fake_pbx() as pbx:
        pbx.refused_logins = 1000
        eye = Eye(account(pbx))
        running = asyncio.create_task(eye.run())
        await eventually(lambda: "refused" in str(eye.problem))

        assert "log-in as 'tieline' refused: Authentication failed" in str(eye.problem)
        assert "see manager.conf" in str(eye.problem)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
