"""What a page's telephone may say to the switch, and what the switch is told."""

import hashlib
import re

import pytest

from acd.vocabulary.agent_facts import AgentStateEntered
from acd.vocabulary.states import AgentState
from services.page_phone.errors import NotItsOwn
from services.page_phone.keys import PageKeys, switch_password
from services.page_phone.sip import MOST_CHARACTERS, OwnLine
from tests.support.builders import ALICE, BOB, YZ, at

KEY, PASSWORD = "the-key-of-a-session", "what-the-switch-knows"
NONCE = "1795300000/abc"


def a_line() -> OwnLine:
    return OwnLine("web-1001", key=KEY, password=PASSWORD)


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def proof(secret: str, *, user: str = "web-1001") -> str:
    who, what = md5(f"{user}:asterisk:{secret}"), md5("REGISTER:sip:tieline")
    response = md5(f"{who}:{NONCE}:00000001:c1:auth:{what}")
    return (
        f'Authorization: Digest algorithm=MD5, username="{user}", realm="asterisk",'
        f' nonce="{NONCE}", uri="sip:tieline", response="{response}", qop=auth,'
        ' cnonce="c1", nc=00000001'
    )


def request(
    *headers: str, sender: str = "<sip:web-1001@tieline>;tag=a", body: str = ""
) -> str:
    length = f"Content-Length: {len(body.encode())}"
    lines = ("REGISTER sip:tieline SIP/2.0", f"From: {sender}", *headers, length)
    return "\r\n".join(lines) + "\r\n\r\n" + body


AS_THE_TRUNK = request(sender="<sip:13800138000@x>").replace("REGISTER", "INVITE", 1)
ANSWER = "SIP/2.0 200 OK\r\nFrom: <sip:6000@x>\r\nContent-Length: 5\r\n\r\nv=0\r\n"


def response_in(told: str | None) -> str:
    assert told is not None
    found = re.search(r'response="([0-9a-f]{32})"', told)
    assert found
    return found[1]


def test_a_proof_by_the_key_becomes_one_by_the_switchs_password() -> None:
    told = a_line().said(request(proof(KEY)))

    assert response_in(told) == response_in(proof(PASSWORD))
    assert told is not None
    assert KEY not in told
    assert PASSWORD not in told


def test_a_proof_by_another_key_stays_one_that_the_switch_refuses() -> None:
    told = a_line().said(request(proof("the-key-of-another-session")))

    assert response_in(told) == response_in(proof("the-key-of-another-session"))
    assert response_in(told) != response_in(proof(PASSWORD))


def test_what_it_answers_goes_as_it_is() -> None:
    assert a_line().said(ANSWER) == ANSWER


def test_what_keeps_a_connection_is_not_told() -> None:
    assert a_line().said("\r\n\r\n") is None


def test_the_body_of_a_request_goes_as_it_is() -> None:
    told = a_line().said(request(body="s=你\r\n"))

    assert told is not None
    assert told.endswith("Content-Length: 7\r\n\r\ns=你\r\n")


@pytest.mark.parametrize(
    "said",
    [
        request(sender="<sip:trunk@tieline>"),
        request(sender="<sip:web-1002@tieline>"),
        request(sender='"web-1001" <sip:nobody@x>'),
        request("f: <sip:trunk@tieline>"),
        request("From: <sip:web-1001@tieline>"),
        request(proof(KEY, user="trunk")),
        request("Authorization: Basic d2ViOng="),
        request("X: y\nFrom: <sip:trunk@x>"),
        request("X: y\rFrom: <sip:trunk@x>"),
        request(" From: <sip:trunk@x>"),
        request(proof(KEY) + ",", ' username="trunk", x="y:z"'),
        request("X: \x00"),
        request() + AS_THE_TRUNK,
        ANSWER + AS_THE_TRUNK,
        request("Content-Length: 0", body=AS_THE_TRUNK),
        request("l: 0", body=AS_THE_TRUNK),
        request().replace("Content-Length: 0", "X: y"),
        "REGISTER sip:tieline SIP/2.0\r\n\r\n",
        "hello",
        request("X: " + "y" * MOST_CHARACTERS),
    ],
    ids=lambda said: repr(said[:60]),
)
def test_it_speaks_for_itself_alone(said: str) -> None:
    with pytest.raises(NotItsOwn):
        a_line().said(said)


def test_another_session_has_no_key() -> None:
    keys = PageKeys()

    key = keys.make(ALICE, "a session")

    assert keys.of(ALICE, "a session") is key
    assert keys.of(ALICE, "another") is None
    assert keys.of(BOB, "a session") is None


def test_a_key_is_over_with_its_session_and_who_speaks_by_it_is_told() -> None:
    keys, over = PageKeys(), []
    key = keys.make(ALICE, "a session")
    key.over = lambda: over.append("alice")

    keys.end_of("another")
    assert not over
    keys.end_of("a session")

    assert over == ["alice"]
    assert keys.of(ALICE, "a session") is None


def test_a_key_is_over_when_its_agent_signs_out() -> None:
    keys = PageKeys()
    keys.make(ALICE, "a session")
    keys.make(BOB, "his")

    keys.take([entered(AgentState.NOT_READY)])
    assert keys.of(ALICE, "a session") is not None
    keys.take([entered(AgentState.SIGNED_OUT)])

    assert keys.of(ALICE, "a session") is None
    assert keys.of(BOB, "his") is not None


def test_who_takes_over_has_another_key() -> None:
    keys = PageKeys()
    before = keys.make(ALICE, "the old one")

    after = keys.make(ALICE, "the new one")

    assert keys.of(ALICE, "the old one") is None
    assert after.secret != before.secret


def test_each_telephone_has_a_password_of_its_own() -> None:
    assert switch_password("s" * 16, "web-1") != switch_password("s" * 16, "web-2")
    assert switch_password("s" * 16, "web-1") != switch_password("t" * 16, "web-1")


def entered(state: AgentState) -> AgentStateEntered:
    return AgentStateEntered(at=at(0), place=YZ, agent_id=ALICE, state=state, reason="")
