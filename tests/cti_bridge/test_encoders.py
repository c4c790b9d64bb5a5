"""100,000 random strings through what writes to Asterisk: none comes out as more."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from cti_bridge.agi import protocol
from cti_bridge.agi.errors import TextRefused
from cti_bridge.ami.actions import ACTIONS, encode
from cti_bridge.ami.errors import ActionRefused
from services.runtime.embedded.conf import ConfRefused, render
from tests.services.test_conf import a_conf

SEED = 4475
AMI, AGI, CONF = 60_000, 40_000, 300
PIECES = (
    *("\r\n", "\n", "\r", "\0", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c"),
    *('"', "'", "\\", ",", ";", "|", "&", "=", ":", " ", "\t", "(", ")", "[", "]"),
    *("${SHELL(id)}", "$[1+1]", "^{X}", "%0d%0a", "Action: Hangup", "\r\n\r\n"),
    *("6000", "dev-1001", "CC_STATE", "__CC_X", "王芳", "é", "\ud800", "\U0001f600"),
    *("../", "200 result=1", "#exec", "#include <x>", "{{ami_secret}}", "[general]"),
)


def texts(count: int, seed: int = SEED) -> Iterator[str]:
    """Yield strings of what means something to some parser, and of letters."""
    chance = random.Random(seed)  # noqa: S311 - the same again, no secret
    for _ in range(count):
        pieces = [
            chance.choice(PIECES)
            if chance.random() < 0.6
            else chr(chance.randrange(0x250))
            for _ in range(chance.randint(0, 8))
        ]
        yield "".join(pieces)


def as_asterisk_reads(frame: bytes) -> list[list[tuple[str, str]]]:
    """Return the actions that a manager's session reads: a line ends at any LF."""
    actions: list[list[tuple[str, str]]] = [[]]
    for line in re.split(rb"\r?\n|\r|\0", frame):
        if not line:
            actions.append([])
        else:
            name, _, value = line.partition(b":")
            pair = (name.decode().strip(), value.decode().strip())
            actions[-1].append(pair)
    return [action for action in actions if action]


def test_no_text_in_a_field_of_an_action_becomes_another_field_or_action() -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same again, no secret
    fields = [(a, f) for a, names in ACTIONS.items() for f in sorted(names)]
    passed = 0
    for text in texts(AMI):
        action, field = chance.choice(fields)
        given: Mapping[str, str] = {"ActionID": "1:1:n", **needed(action), field: text}
        try:
            frame = encode(action, given)
        except (ActionRefused, UnicodeEncodeError):
            continue
        passed += 1
        (read,) = as_asterisk_reads(frame)
        assert [name for name, _ in read] == ["Action", *given], text
        assert dict(read)[field] == text.strip(), text
    assert passed > 1000, "most are refused, and some must come through"


def needed(action: str) -> dict[str, str]:
    if action != "Originate":
        return {}
    return {
        "Channel": "PJSIP/dev-1001",
        "ChannelId": "o1",
        "Context": "cc-offer",
        "Exten": "s",
        "Priority": "1",
        "Async": "true",
    }


def parse_args(line: str) -> list[str]:
    """Read a command as ``parse_args`` of res_agi.c does: the words it hands on."""
    words: list[str] = []
    word: list[str] = []
    is_quoted = is_escaped = False
    is_open = False
    for letter in line:
        if is_escaped:
            word.append(letter)
            is_escaped = False
            is_open = True
        elif letter == "\\":
            is_escaped = True
        elif letter == '"':
            is_quoted = not is_quoted
            is_open = True
        elif letter in " \t" and not is_quoted:
            if is_open:
                words.append("".join(word))
            word, is_open = [], False
        else:
            word.append(letter)
            is_open = True
    if is_open:
        words.append("".join(word))
    return words


def test_no_text_in_a_command_becomes_another_word_or_command() -> None:
    passed = 0
    for n, text in enumerate(texts(AGI)):
        try:
            if n % 4 == 0:
                line, meant = protocol.stream_file(text, ""), ["STREAM", "FILE", text]
                meant.append("")
            elif n % 4 == 1:
                line = protocol.set_variables({"CC_QUEUE": text, "CC_IVR_DONE": "1"})
                meant = ["EXEC", "MSet", f"CC_QUEUE={text},CC_IVR_DONE=1"]
            else:
                line = protocol.set_variable("CC_FENCE", text)
                meant = ["SET", "VARIABLE", "CC_FENCE", text]
        except TextRefused:
            continue
        passed += 1
        assert line.count(b"\n") == 1, text
        assert line.endswith(b"\n"), text
        assert b"\0" not in line, text
        assert b"\r" not in line, text
        assert parse_args(line.decode()[:-1]) == meant, text
    assert passed > 10_000, "most of these may be said"


def test_no_name_of_a_variable_or_application_is_made_of_text() -> None:
    for text in texts(2000, seed=7):
        for write in (
            protocol.get_variable,
            lambda name: protocol.set_variable(name, ""),
        ):
            try:
                line = write(text)
            except TextRefused:
                continue
            assert re.fullmatch(
                rb"(GET|SET) VARIABLE (__)?CC_[A-Z0-9_]+( \"\")?\n", line
            )


def test_no_text_in_the_configuration_becomes_another_line_or_section() -> None:
    whole = a_conf(Path("/srv/tieline"))
    lines = {name: text.count("\n") for name, text in render(whole).items()}
    for n, text in enumerate(texts(CONF, seed=11)):
        spoilt = (
            replace(whole, numbers=(text, "6001")),
            replace(whole, devices={text: "a-password-of-a-device"}),
            replace(whole, devices={"dev-1001": text}),
            replace(whole, ami_secret=text),
            replace(whole, ami_user=text),
            replace(whole, trunk_from=(text,)),
        )[n % 6]
        try:
            files = render(spoilt)
        except (ConfRefused, UnicodeEncodeError):
            continue
        assert {name: told.count("\n") for name, told in files.items()} == lines, text
        assert all("\r" not in told for told in files.values()), text
