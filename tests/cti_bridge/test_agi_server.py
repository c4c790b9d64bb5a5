"""The FastAGI server on real sockets: no client hurts another, or the loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import structlog

from cti_bridge.agi import protocol
from cti_bridge.agi.errors import AgiError, ArrivalUnusable, CommandFailed, TextRefused
from cti_bridge.agi.line import AgiLine, Arrival
from cti_bridge.agi.server import AgiLimits, AgiServer, Session
from ivr.ports import CallerGone, Line, Message
from tests.support.eventually import eventually

CALL = "0d5c2b1e-1111-4222-8333-444455556666"
LEG = "tl7f3a9c21-1795302385.2"
NONCE = "c363b9a31d63ae43"
LIMITS = AgiLimits(header_s=0.3, connections=20, close_s=2)
HEADERS = (
    "agi_network: yes\nagi_network_script: flow\nagi_request: agi://127.0.0.1/flow\n"
    f"agi_channel: PJSIP/trunk-00000008\nagi_uniqueid: {LEG}\nagi_version: 22.10.1\n"
    "agi_callerid: 13800138000\nagi_calleridname: Zhang Wei\n\n"
)


@dataclass
class FakeLeg:
    """Asterisk's side of one session: a leg with its variables."""

    variables: dict[str, str] = field(
        default_factory=lambda: {
            "CC_CALL_ID": CALL,
            "UNIQUEID": LEG,
            "CC_NUMBER": "6000",
            "CALLERID(num)": "13800138000",
            "CALLERID(name)": "张伟",
            "CC_SIP_CALL_ID": "1-2@127.0.0.1",
        }
    )
    answers: dict[str, list[str]] = field(default_factory=dict)
    """Lines to answer instead, by how the command begins; the first that fits."""
    commands: list[str] = field(default_factory=list)

    async def run(self, port: int, headers: str = HEADERS) -> None:
        """Call the server and answer its commands until it closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(headers.encode())
        with contextlib.suppress(OSError):
            while line := (await reader.readline()).decode().rstrip("\n"):
                self.commands.append(line)
                writer.write(("\n".join(self._answer(line)) + "\n").encode())
        writer.close()

    def arrival(self) -> str:
        """What dialplans/extensions.conf writes into CC_ARRIVAL."""
        names = (
            *("CC_CALL_ID", "UNIQUEID", "CC_NUMBER", "CALLERID(num)"),
            *("CC_SIP_CALL_ID", "CALLERID(name)"),
        )
        return " ".join(self.variables.get(name, "") for name in names)

    def _answer(self, line: str) -> list[str]:
        for start, lines in self.answers.items():
            if line.startswith(start):
                return lines
        verb, *words = line.split(" ", 3)
        if line.startswith("EXEC MSet"):
            pairs = line.removeprefix("EXEC MSet ").strip('"').split(",")
            self.variables |= dict(pair.split("=", 1) for pair in pairs)
            return ["200 result=0"]
        if verb == "SET":
            self.variables[words[1]] = words[2].strip('"')
            return ["200 result=1"]
        if verb == "GET":
            value = self.variables.get(words[1])
            if words[1] == "CC_ARRIVAL":
                value = self.arrival()
            return ["200 result=0" if value is None else f"200 result=1 ({value})"]
        if verb == "STREAM":
            return ["200 result=0 endpos=3404"]
        return ["200 result=0"]


@asynccontextmanager
async def serving(
    serve: Callable[[Session], Awaitable[None]], limits: AgiLimits = LIMITS
) -> AsyncIterator[tuple[AgiServer, int]]:
    server = AgiServer(serve, limits=limits)
    port = await server.start("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.close()


async def walked(
    leg: FakeLeg, walk: Callable[[AgiLine], Awaitable[None]], headers: str = HEADERS
) -> BaseException | None:
    """Let one walk have the leg and return what ended it, or None."""
    ended: list[BaseException | None] = []

    async def serve(session: Session) -> None:
        line = AgiLine(
            session,
            now=lambda: 1795302385.25,
            nonce=lambda: NONCE,
            messages=Path("/spool/messages"),
        )
        try:
            await walk(line)
        except (AgiError, CallerGone) as error:
            ended.append(error)
            raise
        ended.append(None)

    async with serving(serve) as (_, port):
        await leg.run(port, headers)
        await eventually(lambda: bool(ended))
    return ended[0]


async def arrival_of(leg: FakeLeg, headers: str = HEADERS) -> Arrival:
    arrived: list[Arrival] = []

    async def walk(line: AgiLine) -> None:
        arrived.append(await line.arrival())

    assert await walked(leg, walk, headers) is None
    return arrived[0]


async def test_an_arrival_is_read_from_the_legs_variables() -> None:
    assert await arrival_of(FakeLeg()) == Arrival(
        call_id=CALL,
        leg_id=LEG,
        number="6000",
        caller_number="13800138000",
        caller_name="张伟",
        sip_call_id="1-2@127.0.0.1",
    )


# Those that a caller cannot touch come first, as in Asterisk's own order.
FIRST, LAST = ("agi_network", "agi_uniqueid"), "agi_threadid"
BETWEEN = sorted(protocol.WRITTEN.difference((*FIRST, LAST)))
WHOLE = "".join(f"{name}: x\n" for name in (*FIRST, *BETWEEN, LAST))
FORGED = "00000000-0000-4000-8000-000000000000 1.1 6001 1 1@1 caller"


async def test_what_the_dialplan_gives_along_need_not_be_asked_for() -> None:
    leg = FakeLeg()
    leg.variables["CALLERID(name)"] = ""

    arrival = await arrival_of(leg, f"{WHOLE}agi_arg_1: {leg.arrival()}\n\n")

    assert (arrival.call_id, arrival.caller_number) == (CALL, "13800138000")
    assert leg.commands == []


@pytest.mark.parametrize(
    "headers",
    [
        WHOLE,
        WHOLE + f"agi_arg_1: {FORGED}\nagi_uniqueid: y\n",
        WHOLE.replace("agi_threadid: x\n", "") + f"agi_arg_1: {FORGED}\n",
        WHOLE.replace("agi_callerid: x", f"agi_callerid: 1\nagi_arg_1: {FORGED}"),
        WHOLE.replace("agi_callerid: x", f"agi_callerid: 1\nagi_arg_1: {FORGED}")
        + "agi_arg_1: x\n",
        WHOLE.replace(
            "agi_callerid: x",
            f"agi_callerid: 1\nagi_threadid: 1\nagi_arg_1: {FORGED}\n\n",
        ),
        WHOLE.replace("agi_callerid: x", "agi_callerid: 1\n\n200 result=1 (no)"),
    ],
)
async def test_with_odd_headers_the_leg_is_asked_behind_a_fence(
    headers: str,
) -> None:
    leg = FakeLeg()

    assert (await arrival_of(leg, f"{headers}\n")).call_id == CALL
    assert leg.commands[0].startswith("SET VARIABLE CC_FENCE")


@pytest.mark.parametrize(
    ("variable", "value", "field_name", "expected"),
    [
        ("CALLERID(num)", "138;0013", "caller_number", "unknown"),
        ("CALLERID(num)", "1" * 41, "caller_number", "unknown"),
        ("CALLERID(num)", "", "caller_number", ""),
        ("CALLERID(name)", "a\tb", "caller_name", "unknown"),
        ("CALLERID(name)", "x" * 81, "caller_name", "unknown"),
        ("CALLERID(name)", "\x1b[31m", "caller_name", "unknown"),
        ("CC_NUMBER", "6000;DROP", "number", "unknown"),
        ("CC_SIP_CALL_ID", "a\x7fb", "sip_call_id", "unknown"),
    ],
)
async def test_a_callers_text_of_the_wrong_form_is_unknown(
    variable: str, value: str, field_name: str, expected: str
) -> None:
    leg = FakeLeg()
    leg.variables[variable] = value

    assert getattr(await arrival_of(leg), field_name) == expected


async def test_a_withheld_number_is_empty() -> None:
    leg = FakeLeg()
    del leg.variables["CALLERID(num)"]

    assert (await arrival_of(leg)).caller_number == ""


async def test_headers_that_a_caller_forged_are_not_believed() -> None:
    # As recorded from the real Asterisk, with a forged end of the header block and a
    # forged answer behind it.
    fake = "00000000-0000-4000-8000-000000000000"
    headers = HEADERS.replace("13800138000", f"1\n\n200 result=1 ({fake})\n")

    arrival = await arrival_of(FakeLeg(), headers)

    assert (arrival.call_id, arrival.leg_id) == (CALL, LEG)
    assert arrival.caller_number == "13800138000"


async def test_answers_that_a_caller_forged_shift_nothing_but_the_callers_own() -> None:
    leg = FakeLeg()
    leg.variables["CALLERID(num)"] = "1)\n200 result=1 (+70000000"
    played: list[str | None] = []

    async def walk(line: AgiLine) -> None:
        arrival = await line.arrival()
        assert (arrival.call_id, arrival.number) == (CALL, "6000")
        played.append(await line.play("beep", "1"))

    leg.answers = {"STREAM FILE": ["200 result=49 endpos=80"]}

    assert await walked(leg, walk) is None
    assert played == ["1"]


async def test_a_caller_who_breaks_the_line_of_the_answer_spoils_only_their_call() -> (
    None
):
    leg = FakeLeg()
    leg.variables["CALLERID(num)"] = "1\nHANGUP\n"

    async def walk(line: AgiLine) -> None:
        await line.arrival()

    # The dialplan lets no such text through; should it, its own way takes the call.
    assert isinstance(await walked(leg, walk), ArrivalUnusable)


@pytest.mark.parametrize("value", ["", "1", CALL.upper() + "x", f" {CALL}"])
async def test_a_call_without_its_uuid_is_not_walked(value: str) -> None:
    leg = FakeLeg()
    leg.variables["CC_CALL_ID"] = value

    async def walk(line: AgiLine) -> None:
        await line.arrival()

    ended = await walked(leg, walk)

    assert isinstance(ended, ArrivalUnusable)
    assert "CC_CALL_ID must be set by the dialplan before AGI()" in str(ended)


async def test_keys_come_from_playing_and_from_listening() -> None:
    leg = FakeLeg(
        answers={
            "STREAM FILE": ["200 result=35 endpos=80"],
            "WAIT FOR DIGIT 1500": ["200 result=42"],
            "WAIT FOR DIGIT": ["200 result=0"],
        }
    )
    keys: list[str | None] = []

    async def walk(line: Line) -> None:
        keys.extend(
            [await line.play("a", "#"), await line.listen(1.5), await line.listen(1)]
        )

    assert await walked(leg, walk) is None
    assert keys == ["#", "*", None]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("200 result=35 (dtmf) endpos=24000", Message(length_s=3, key="#")),
        ("200 result=0 (timeout) endpos=8000", Message(length_s=1, key=None)),
        ("200 result=-1 (hangup) endpos=40000", Message(length_s=5, key=None)),
    ],
)
async def test_what_a_caller_says_is_taken_down(answer: str, message: Message) -> None:
    taken: list[Message] = []
    leg = FakeLeg(answers={"RECORD FILE": [answer]})

    async def walk(line: AgiLine) -> None:
        await line.arrival()
        taken.append(await line.record(f"{CALL}-3", 30, "#0"))

    assert await walked(leg, walk) is None
    assert taken == [message]
    file = f"/spool/messages/{CALL}-3"
    assert leg.commands[-1] == f'RECORD FILE "{file}" wav "#0" 30000 BEEP s=4'


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("200 result=-1 (writefile)", CommandFailed),
        ("200 result=-1 (hangup) endpos=0", CallerGone),
        ("511 Command Not Permitted on a dead channel", CallerGone),
    ],
)
async def test_a_message_that_was_not_taken_down_is_told(
    answer: str, error: type[Exception]
) -> None:
    async def walk(line: AgiLine) -> None:
        await line.arrival()
        await line.record(f"{CALL}-3", 30, "#0")

    ended = await walked(FakeLeg(answers={"RECORD FILE": [answer]}), walk)

    assert type(ended) is error


@pytest.mark.parametrize("name", ["../x", "x", f"{CALL}-3/../..", f"{CALL}"])
async def test_a_message_goes_into_its_folder_only(name: str) -> None:
    async def walk(line: AgiLine) -> None:
        await line.arrival()
        await line.record(name, 30, "#0")

    assert isinstance(await walked(FakeLeg(), walk), TextRefused)


async def test_a_sound_that_is_missing_is_passed_by() -> None:
    # As recorded: Asterisk answers so for a file that it has not.
    leg = FakeLeg(answers={"STREAM FILE": ["200 result=-1 endpos=0"]})
    played: list[str | None] = []

    async def walk(line: Line) -> None:
        played.append(await line.play("nosuchthing", "1"))

    assert await walked(leg, walk) is None
    assert played == [None]


@pytest.mark.parametrize(
    "answers",
    [
        {"STREAM FILE": ["200 result=-1 endpos=0"], "GET": ["HANGUP", "200 result=0"]},
        {"STREAM FILE": ["HANGUP", "200 result=-1 endpos=160"]},
        {
            "STREAM FILE": ["200 result=0 endpos=80", "HANGUP"],
            "EXEC Answer": ["200 result=0"],
        },
        {"STREAM FILE": ["511 result=-1 Command Not Permitted on a dead channel"]},
        {"EXEC Answer": ["200 result=-1"]},
    ],
)
async def test_a_leg_that_leaves_ends_the_walk(answers: dict[str, list[str]]) -> None:
    async def walk(line: Line) -> None:
        await line.play("beep", "")
        await line.answer()

    ended = await walked(FakeLeg(answers=answers), walk)

    assert isinstance(ended, CallerGone)


async def test_a_leg_that_never_stops_talking_is_let_go() -> None:
    async def walk(line: Line) -> None:
        await line.answer()

    ended = await walked(FakeLeg(answers={"EXEC Answer": ["x"] * 500}), walk)

    assert isinstance(ended, CallerGone)
    assert "400 lines without an answer during 'EXEC Answer" in str(ended)


async def test_a_command_in_the_wrong_form_is_ours_to_mend() -> None:
    usage = ["520-Invalid command syntax.", "Usage: ANSWER", "520 End of proper usage."]

    async def walk(line: Line) -> None:
        await line.answer()

    ended = await walked(FakeLeg(answers={"EXEC Answer": usage}), walk)

    assert isinstance(ended, CommandFailed)
    assert "agi command answer: asterisk refused it: 520" in str(ended)


async def test_a_call_given_to_a_queue_says_so_on_its_leg_and_is_let_go() -> None:
    leg = FakeLeg()

    async def walk(line: Line) -> None:
        await line.wait_in_queue("billing", frozenset({"zh", "billing"}))
        with pytest.raises(CallerGone, match="a line that was let go"):
            await line.answer()

    assert await walked(leg, walk) is None
    assert (
        leg.variables
        | {
            "CC_QUEUE": "billing",
            "CC_SKILLS": "billing:zh",
            "CC_T0": "1795302385.250",
            "CC_STATE": "waiting",
            "CC_IVR_DONE": "1",
        }
        == leg.variables
    )
    assert len(leg.commands) == 1
    assert leg.commands[0].endswith(',CC_IVR_DONE=1"')


async def test_a_call_that_is_ended_goes_to_the_ending_context() -> None:
    leg = FakeLeg()

    async def walk(line: Line) -> None:
        await line.hang_up()

    assert await walked(leg, walk) is None
    assert leg.commands == ['EXEC MSet "CC_IVR_DONE=1"']


@pytest.mark.parametrize("name", ["", "a,b", "a b", "a\n", "${X}"])
async def test_what_is_no_id_is_not_written_on_the_leg(name: str) -> None:
    leg = FakeLeg()

    async def walk(line: Line) -> None:
        await line.wait_in_queue("billing", frozenset({name}))

    assert isinstance(await walked(leg, walk), TextRefused)
    assert leg.commands == []


async def works(port: int) -> bool:
    """Tell whether an ordinary call is still served."""
    leg = FakeLeg()
    await leg.run(port)
    return any(
        command.startswith("GET VARIABLE CC_ARRIVAL") for command in leg.commands
    )


async def serve_arrival(session: Session) -> None:
    await AgiLine(session).arrival()


MISBEHAVIOUR: dict[str, bytes] = {
    "nothing": b"",
    "garbage": b"\xff\xfe\x00" * 50,
    "another protocol": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "half a header": b"agi_network: yes\nagi_req",
    "an empty block": b"\n\n",
    "a line of a megabyte": b"agi_network: " + b"x" * (1 << 20),
    "a block of a megabyte": b"agi_network: yes\n" + b"agi_arg: x\n" * 100_000,
    "headers and then garbage": HEADERS.encode() + b"\xff" * 200_000,
    "headers and lines without end": HEADERS.encode() + b"x\n" * 20_000,
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
@pytest.mark.parametrize("closes", [True, False], ids=["and closes", "and stays"])
async def test_a_client_that_sends(name: str, closes: bool) -> None:
    served: list[Session] = []

    async def serve(session: Session) -> None:
        served.append(session)
        await serve_arrival(session)

    async with serving(serve) as (server, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(OSError):
            writer.write(MISBEHAVIOUR[name])
            if closes:
                writer.close()

        assert await works(port)
        await eventually(lambda: server.sessions == 0)

        assert len(served) == 1 + name.startswith("headers and")
        writer.transport.abort()


async def test_a_client_that_sends_slowly_is_closed_at_its_limit() -> None:
    async with serving(serve_arrival) as (server, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def drip() -> None:
            with contextlib.suppress(OSError):
                for byte in HEADERS.encode():
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.02)

        dripping = asyncio.create_task(drip())
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        dripping.cancel()

        await eventually(lambda: server.sessions == 0)
        assert await works(port)
        writer.transport.abort()


async def test_a_thousand_connections_do_not_shut_out_what_comes_after() -> None:
    limits = replace(LIMITS, connections=50, header_s=1)
    async with serving(serve_arrival, limits) as (server, port):
        writers = []
        for _ in range(1000):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writers.append(writer)
        assert server.sessions <= 50

        await eventually(lambda: server.sessions == 0)

        assert await works(port)
        for writer in writers:
            writer.transport.abort()


async def test_a_walk_that_crashes_ends_its_own_call_only() -> None:
    async def serve(session: Session) -> None:
        if session.request.script == "flow":
            raise ZeroDivisionError
        await serve_arrival(session)

    with structlog.testing.capture_logs() as logged:
        async with serving(serve) as (server, port):
            await FakeLeg().run(port)
            other = FakeLeg()
            await other.run(port, HEADERS.replace("agi_network_script: flow", "x: y"))

            assert other.commands
            await eventually(lambda: server.sessions == 0)

    assert [line["event"] for line in logged] == ["agi_session_crashed"]


async def test_closing_lets_every_call_go() -> None:
    async def serve(session: Session) -> None:
        await AgiLine(session).listen(600)

    leg = FakeLeg(answers={"WAIT": []})
    async with serving(serve) as (server, port):
        running = asyncio.create_task(leg.run(port))
        await eventually(lambda: bool(leg.commands))

        await server.close()

        await asyncio.wait_for(running, 5)
        assert server.sessions == 0
        with pytest.raises(OSError, match=r"refused|failed"):
            await asyncio.open_connection("127.0.0.1", port)
