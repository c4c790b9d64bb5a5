"""One link to the manager: what it does when the other side does not."""

import asyncio
import contextlib
import queue
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvloop

from cti_bridge.ami.connection import Connection, Limits
from cti_bridge.ami.errors import (
    AccountOverpowered,
    ActionFailed,
    ActionRefused,
    ActionTimedOut,
    AmiError,
    ConnectionLost,
    LoginRefused,
    TooManyPending,
)
from cti_bridge.ami.privileges import forbidden_classes
from cti_bridge.ami.protocol import Frames, Message
from cti_bridge.ami.reconnect import keep_connected
from tests.support import traces
from tests.support.eventually import eventually
from tests.support.fake_pbx import BOOTED, SYSTEM_NAME, FakePbx, block, fake_pbx

NONCE = "0123456789abcdef"
QUICK = Limits(connect_s=2, action_s=2, ping_every_s=0.05, silence_s=0.3)
PATIENT = replace(QUICK, ping_every_s=60, silence_s=60)


@pytest.fixture
async def pbx() -> AsyncIterator[FakePbx]:
    async with fake_pbx() as fake:
        yield fake


@asynccontextmanager
async def linked(
    pbx: FakePbx,
    sink: Callable[[Message], None] = lambda message: None,
    limits: Limits = PATIENT,
) -> AsyncIterator[Connection]:
    link = await Connection.open(
        pbx.peer, epoch=3, nonce=NONCE, sink=sink, limits=limits
    )
    try:
        yield link
    finally:
        link.close()


async def test_a_link_knows_which_asterisk_it_reached(pbx: FakePbx) -> None:
    async with linked(pbx) as link:
        assert (link.epoch, link.system_name) == (3, SYSTEM_NAME)
        assert link.asterisk_version == "22.10.1"


async def test_actions_are_numbered_by_link_and_order_and_bear_the_secret(
    pbx: FakePbx,
) -> None:
    async with linked(pbx) as link:
        await link.act("CoreStatus")

    assert [a["ActionID"] for a in pbx.actions] == [
        f"3:{n}:{NONCE}" for n in (1, 2, 3, 4)
    ]


async def test_each_reply_goes_to_who_asked_though_they_come_in_another_order(
    pbx: FakePbx,
) -> None:
    pbx.unanswered = {"Hangup"}
    async with linked(pbx) as link:
        first = asyncio.create_task(link.act("Hangup", {"Channel": "a"}))
        await pbx.received("Hangup")
        second = asyncio.create_task(link.act("Hangup", {"Channel": "b"}))
        await eventually(lambda: pbx.count("Hangup") == 2)

        for n, fields in enumerate(reversed(pbx.actions[-2:])):
            reply = f"Response: Success\r\nActionID: {fields['ActionID']}\r\nN: {n}"
            pbx.send(f"{reply}\r\n\r\n".encode())

        assert (await first)["N"] == "1"
        assert (await second)["N"] == "0"


async def test_a_refused_action_is_a_reply_and_no_error(pbx: FakePbx) -> None:
    async with linked(pbx) as link:
        reply = await link.act("Hangup", {"Channel": "nobody"})

    assert not reply.succeeded
    assert reply["Message"] == "No such channel"


async def test_a_refused_login_is_told_with_what_would_do(pbx: FakePbx) -> None:
    pbx.refused_logins = 1

    with pytest.raises(LoginRefused) as refused:
        async with linked(pbx):
            pass

    assert str(refused.value) == (
        f"asterisk at 127.0.0.1:{pbx.port} refused login for 'tieline': "
        "Authentication failed; see manager.conf [tieline]"
    )


@pytest.mark.parametrize(
    ("account", "classes"),
    [
        ("engine", set()),
        ("system", {"system"}),
        ("config", {"config"}),
        ("command", {"command"}),
        ("all", {"system", "config", "command"}),
    ],
)
def test_what_an_account_may_do_too_much_is_read_from_asterisks_own_list(
    account: str, classes: set[str]
) -> None:
    messages = Frames().feed(traces.ami(f"account/{account}"))
    [listed] = [m for m in messages if m.get("ListCommands")]

    assert forbidden_classes(listed) == classes


async def test_an_account_that_may_do_too_much_is_refused(pbx: FakePbx) -> None:
    pbx.account = "system"

    with pytest.raises(AccountOverpowered) as refused:
        async with linked(pbx):
            pass

    assert str(refused.value) == (
        f"asterisk at 127.0.0.1:{pbx.port}: account 'tieline' should hold none of the "
        "write classes system, command and config, got system; "
        "take them from write= in manager.conf [tieline]"
    )


async def test_a_port_where_nobody_listens_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        pbx = FakePbx()
        pbx.port = taken.getsockname()[1]

        with pytest.raises(ConnectionLost, match=r"connecting: .*failed"):
            async with linked(pbx):
                pass


async def test_a_port_where_another_service_listens_is_told(pbx: FakePbx) -> None:
    pbx.greeting = b"220 mail.example.org ESMTP\r\n"

    with pytest.raises(ConnectionLost, match="is another service on this port"):
        async with linked(pbx):
            pass


async def test_an_unanswered_action_ends_by_its_own_limit(pbx: FakePbx) -> None:
    pbx.unanswered = {"Originate", "Hangup"}
    async with linked(pbx) as link:
        with pytest.raises(ActionTimedOut, match=r"action Hangup .* within 0.05 s"):
            await link.act("Hangup", {"Channel": "a"}, limit_s=0.05)

        assert (await link.act("Ping")).succeeded


async def test_a_reply_that_comes_after_its_limit_is_nobodys(pbx: FakePbx) -> None:
    seen: list[Message] = []
    pbx.unanswered = {"Hangup"}
    async with linked(pbx, seen.append) as link:
        link.release()
        with pytest.raises(ActionTimedOut):
            await link.act("Hangup", {"Channel": "a"}, limit_s=0.02)
        late = pbx.actions[-1]["ActionID"]
        pbx.send(f"Response: Success\r\nActionID: {late}\r\n\r\n".encode())

        assert (await link.act("Ping"))["ActionID"] != late
    assert seen == []


async def test_no_more_actions_wait_than_the_link_may_hold(pbx: FakePbx) -> None:
    pbx.unanswered = {"Hangup"}
    async with linked(pbx, limits=replace(PATIENT, pending=2)) as link:
        waiting = [
            asyncio.create_task(link.act("Hangup", {"Channel": "a"})) for _ in range(2)
        ]
        await pbx.received("Hangup")

        with pytest.raises(TooManyPending, match="2 actions already wait"):
            await link.act("Hangup", {"Channel": "b"})

        link.close()
        assert all(
            isinstance(end, ConnectionLost)
            for end in await asyncio.gather(*waiting, return_exceptions=True)
        )


async def test_a_refused_text_leaves_the_link_as_it_was(pbx: FakePbx) -> None:
    async with linked(pbx) as link:
        before = len(pbx.actions)
        with pytest.raises(ActionRefused):
            await link.act("Hangup", {"Channel": "a\r\nAction: Logoff"})

        await link.act("Ping")
    assert [a["Action"] for a in pbx.actions[before:]] == ["Ping"]


async def test_a_list_is_gathered_to_its_end_and_events_between_are_not_in_it(
    pbx: FakePbx,
) -> None:
    seen: list[Message] = []
    pbx.unanswered = {"Status"}
    async with linked(pbx, seen.append) as link:
        link.release()
        asked = asyncio.create_task(link.ask("Status"))
        action_id = (await pbx.received("Status"))["ActionID"]
        tail = f"\r\nActionID: {action_id}\r\n\r\n"
        pbx.send(f"Response: Success\r\nEventList: start{tail}".encode())
        pbx.send(f"Event: Status\r\nChannel: a{tail}".encode())
        pbx.event("Hangup", ("Channel", "c"))
        pbx.send(f"Event: Status\r\nChannel: b{tail}".encode())
        done = "Event: StatusComplete\r\nEventList: Complete\r\nListItems: 2"
        pbx.send(f"{done}{tail}".encode())

        items = await asked

    assert [item["Channel"] for item in items] == ["a", "b"]
    assert [m["Channel"] for m in seen] == ["c"]


async def test_an_empty_list_is_empty_and_a_refused_one_is_an_error(
    pbx: FakePbx,
) -> None:
    pbx.lists = {"CoreShowChannels": []}
    async with linked(pbx) as link:
        assert await link.ask("CoreShowChannels") == []
        with pytest.raises(ActionFailed, match="refused it: 'No such channel'"):
            await link.ask("Status", {"Channel": "nobody"})


async def test_the_rest_of_a_torn_item_is_no_item(pbx: FakePbx) -> None:
    # As recorded: a caller's empty line parts an item, and its ActionID comes last.
    seen: list[Message] = []
    pbx.unanswered = {"Status"}
    async with linked(pbx, seen.append) as link:
        link.release()
        asked = asyncio.create_task(link.ask("Status"))
        action_id = (await pbx.received("Status"))["ActionID"]
        tail = f"\r\nActionID: {action_id}\r\n\r\n"
        pbx.send(f"Response: Success\r\nEventList: start{tail}".encode())
        pbx.send(b"Event: Status\r\nChannel: a\r\nCallerIDNum: 1\r\n\r\n")
        pbx.send(f"CallerIDName: x\r\nUniqueid: 1.1{tail}".encode())
        done = "Event: StatusComplete\r\nEventList: Complete\r\nListItems: 1"
        pbx.send(f"{done}{tail}".encode())

        assert await asked == []
    assert [m.is_doubtful for m in seen] == [True, True]


async def test_the_outcome_of_an_originate_comes_as_an_event(pbx: FakePbx) -> None:
    seen: list[Message] = []
    fields = {
        "Channel": "PJSIP/dev-1001",
        "ChannelId": "a-b",
        "Context": "cc-offer",
        "Exten": "s",
        "Priority": "1",
        "Async": "true",
    }
    async with linked(pbx, seen.append) as link:
        link.release()
        reply = await link.act("Originate", fields)
        action_id = pbx.actions[-1]["ActionID"]
        failed = [("ActionID", action_id), ("Response", "Failure")]
        pbx.event("OriginateResponse", *failed)
        await link.act("Ping")

    assert reply.succeeded
    assert [m.event for m in seen] == ["OriginateResponse"]


async def test_a_reply_forged_by_a_caller_answers_nothing(pbx: FakePbx) -> None:
    seen: list[Message] = []
    pbx.unanswered = {"Hangup"}
    async with linked(pbx, seen.append) as link:
        link.release()
        asked = asyncio.create_task(link.act("Hangup", {"Channel": "a"}, limit_s=0.1))
        sequence = (await pbx.received("Hangup"))["ActionID"].rpartition(":")[0]
        pbx.send(f"Response: Error\r\nActionID: {sequence}\r\n\r\n".encode())

        with pytest.raises(ActionTimedOut):
            await asked
    assert seen == []


async def test_an_event_with_a_forged_action_id_is_told_all_the_same(
    pbx: FakePbx,
) -> None:
    seen: list[Message] = []
    async with linked(pbx, seen.append) as link:
        link.release()
        pbx.event("Hangup", ("CallerIDNum", "138"), ("ActionID", "3:1"))
        await link.act("Ping")

    assert [m.event for m in seen] == ["Hangup"]


async def test_a_forged_event_lacks_the_signature_and_a_true_one_has_it(
    pbx: FakePbx,
) -> None:
    seen: list[Message] = []
    async with linked(pbx, seen.append) as link:
        link.release()
        pbx.event("Reload")
        pbx.send(b"Event: Reload\r\nPrivilege: call,all\r\n\r\n")
        await link.act("Ping")

    assert [m.faults for m in seen] == [set(), {"unsigned"}]


async def test_events_wait_for_the_snapshot_and_then_come_in_order(
    pbx: FakePbx,
) -> None:
    seen: list[Message] = []
    async with linked(pbx, seen.append) as link:
        pbx.event("First")
        await link.act("CoreStatus")
        assert seen == []

        link.release()
        pbx.event("Second")
        await link.act("Ping")

    assert [m.event for m in seen] == ["First", "Second"]


async def test_a_snapshot_that_takes_too_long_costs_the_link_and_not_the_memory(
    pbx: FakePbx,
) -> None:
    async with linked(pbx, limits=replace(PATIENT, held=3)) as link:
        for _ in range(4):
            pbx.event("Newstate")

        assert "3 events came before the snapshot" in str(await link.lost())


async def test_a_lost_link_ends_what_waits_with_an_unknown_outcome(
    pbx: FakePbx,
) -> None:
    pbx.drops_on = {"Hangup"}
    async with linked(pbx) as link:
        with pytest.raises(ConnectionLost):
            await link.act("Hangup", {"Channel": "a"})

        with pytest.raises(ConnectionLost):
            await link.act("Ping")


async def test_a_link_that_is_half_open_is_found_dead_by_its_silence(
    pbx: FakePbx,
) -> None:
    async with linked(pbx, limits=QUICK) as link:
        await pbx.received("Ping")
        pbx.is_deaf = True

        reason = await asyncio.wait_for(link.lost(), 5)

    assert "nothing heard for 0.3 s" in str(reason)


async def test_a_quiet_link_is_kept_alive_by_its_pings(pbx: FakePbx) -> None:
    async with linked(pbx, limits=QUICK) as link:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(link.lost(), 1)

        assert (await link.act("Ping")).succeeded


async def test_a_message_without_end_costs_the_link_and_not_the_memory(
    pbx: FakePbx,
) -> None:
    async with linked(pbx) as link:
        pbx.send(b"Event: X\r\nA: " + b"x" * (2 << 20))

        assert "must end within 1048576 bytes" in str(await link.lost())


class Keeper:
    """Runs ``keep_connected`` and notes what it tells."""

    def __init__(
        self, pbx: FakePbx, up: Callable[[Connection], Awaitable[None]] | None = None
    ) -> None:
        self.links: list[Connection] = []
        self.reasons: list[AmiError] = []
        self.events: list[str] = []
        self._up = up
        self.task = asyncio.create_task(
            keep_connected(
                pbx.peer,
                sink=lambda message: self.events.append(message.event),
                up=self._note,
                down=self.reasons.append,
                random=lambda: 0.0,
                nonce=lambda: NONCE,
                limits=PATIENT,
            )
        )

    async def _note(self, link: Connection) -> None:
        if self._up is not None:
            await self._up(link)
        self.links.append(link)

    async def linked(self, times: int) -> Connection:
        await eventually(lambda: len(self.links) >= times or self.task.done())
        if self.task.done():
            self.task.result()
        return self.links[-1]

    async def stop(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task


async def test_a_lost_link_is_made_anew_and_nothing_is_sent_again(pbx: FakePbx) -> None:
    keeper = Keeper(pbx)
    link = await keeper.linked(1)
    pbx.drops_on = {"Hangup"}
    with pytest.raises(ConnectionLost):
        await link.act("Hangup", {"Channel": "a"})

    again = await keeper.linked(2)
    await again.act("Ping")

    assert (link.epoch, again.epoch) == (1, 2)
    assert pbx.count("Hangup") == 1
    assert len(keeper.reasons) == 1
    await keeper.stop()


async def test_it_comes_back_when_asterisk_was_away_for_a_while(pbx: FakePbx) -> None:
    keeper = Keeper(pbx)
    await keeper.linked(1)
    await pbx.stop()
    await eventually(lambda: len(keeper.reasons) >= 2)

    await pbx.start()
    again = await keeper.linked(2)

    assert (await again.act("Ping")).succeeded
    assert all(isinstance(reason, ConnectionLost) for reason in keeper.reasons)
    await keeper.stop()


async def test_a_login_refused_at_the_start_is_the_operators(pbx: FakePbx) -> None:
    pbx.refused_logins = 1
    keeper = Keeper(pbx)

    with pytest.raises(LoginRefused):
        await keeper.linked(1)


async def test_a_login_refused_later_is_tried_again(pbx: FakePbx) -> None:
    keeper = Keeper(pbx)
    await keeper.linked(1)
    pbx.refused_logins = 1
    pbx.drop()

    await keeper.linked(2)

    assert [type(reason) for reason in keeper.reasons] == [ConnectionLost, LoginRefused]
    await keeper.stop()


async def test_a_snapshot_that_fails_costs_the_link_and_is_tried_again(
    pbx: FakePbx,
) -> None:
    failures = [ActionTimedOut("Status", "1:5", 5.0)]

    async def snapshot(link: Connection) -> None:
        if failures:
            raise failures.pop()

    keeper = Keeper(pbx, snapshot)
    await keeper.linked(1)

    assert [type(reason) for reason in keeper.reasons] == [ActionTimedOut]
    assert pbx.connections == 2
    await keeper.stop()


async def test_events_flow_only_after_the_snapshot_of_each_link(pbx: FakePbx) -> None:
    order: list[str] = []

    async def snapshot(link: Connection) -> None:
        pbx.event("Newstate")
        await link.act("Ping")
        order.append(f"snapshot after {len(keeper.events)} events")

    keeper = Keeper(pbx, snapshot)
    link = await keeper.linked(1)
    await link.act("Ping")

    assert order == ["snapshot after 0 events"]
    assert keeper.events == ["Newstate"]
    await keeper.stop()


async def test_closing_ends_it_and_no_link_is_made_after(pbx: FakePbx) -> None:
    keeper = Keeper(pbx)
    await keeper.linked(1)
    await keeper.stop()

    pbx.drop()
    await asyncio.sleep(0.3)

    assert pbx.connections == 1


async def test_a_link_is_up_only_when_asterisk_has_loaded_what_calls_need(
    pbx: FakePbx,
) -> None:
    pbx.boots = False
    opening = asyncio.create_task(
        Connection.open(
            pbx.peer, epoch=1, nonce=NONCE, sink=lambda message: None, limits=PATIENT
        )
    )
    await pbx.received("ListCommands")
    await asyncio.sleep(0.05)
    assert not pbx.count("CoreSettings")

    pbx.send(BOOTED)

    link = await opening
    assert link.system_name == SYSTEM_NAME
    link.close()


async def test_one_that_never_says_so_is_given_up(pbx: FakePbx) -> None:
    pbx.boots = False

    with pytest.raises(ConnectionLost, match=r"booted within 0\.1 s"):
        async with linked(pbx, limits=replace(PATIENT, boot_s=0.1)):
            pass


def test_a_loop_that_stood_still_does_not_take_the_link_for_dead() -> None:
    def stand_still(_message: Message) -> None:
        time.sleep(2 * QUICK.silence_s)

    async def story() -> bool:
        async with fake_pbx() as pbx, linked(pbx, stand_still, QUICK) as link:
            link.release()
            pbx.event("Hangup")
            await asyncio.sleep(3 * QUICK.silence_s)
            return (await link.act("Ping")).succeeded

    # The engine's loop, which rings its timers before it reads.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(story())


def test_an_answer_that_came_while_our_own_loop_stood_still_is_taken() -> None:
    started: queue.Queue[FakePbx] = queue.Queue()
    over = threading.Event()

    async def the_peer() -> None:
        async with fake_pbx() as pbx:
            pbx.unanswered = {"Hangup"}
            started.put(pbx)
            asked = ("ActionID", (await pbx.received("Hangup"))["ActionID"])
            await asyncio.sleep(0.15)
            pbx.send(block(("Response", "Success"), asked))
            await asyncio.to_thread(over.wait)

    async def stalling() -> str:
        link = await Connection.open(
            started.get().peer, epoch=1, nonce="n", sink=lambda _message: None
        )
        hang_up = link.act("Hangup", {"Channel": "a"}, limit_s=0.3)
        asking = asyncio.ensure_future(hang_up)
        await asyncio.sleep(0.05)
        time.sleep(0.6)  # noqa: ASYNC251 - the stall is the point
        try:
            return (await asking).response
        finally:
            link.close()

    # The peer has a loop of its own, which does not stand still.
    thread = threading.Thread(target=asyncio.run, args=(the_peer(),))
    thread.start()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            assert runner.run(stalling()) == "Success"
    finally:
        over.set()
        thread.join()
