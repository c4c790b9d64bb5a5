"""SIP as the prober writes and reads it."""

import pytest

from services.watchdog import sip_words
from services.watchdog.errors import AnswerUnusable
from services.watchdog.sip_words import Dialog

DIALOG = Dialog(
    peer="127.0.0.1:16000",
    own="127.0.0.1:40000",
    user="prober",
    target="prober",
    call_id="c1",
    tag="t1",
    rtp_port=40002,
)


def test_an_invite_offers_sound_and_tells_its_length() -> None:
    head, _, body = (
        DIALOG.request("INVITE", 1, branch="b").decode().partition("\r\n\r\n")
    )

    assert head.startswith("INVITE sip:prober@127.0.0.1:16000 SIP/2.0\r\n")
    assert f"Content-Length: {len(body)}" in head
    assert "m=audio 40002 RTP/AVP 0\r\n" in body


def test_a_digest_is_the_one_of_the_standard() -> None:
    # RFC 2617, 3.5: its own example, with HTTP's words.
    challenge = (
        'Digest realm="testrealm@host.com", '
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )

    told = sip_words.digest(
        challenge,
        user="Mufasa",
        password="Circle Of Life",
        method="GET",
        uri="/dir/index.html",
    )

    # The same without qop: RFC 2069's way, which SIP still allows.
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in told
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in told


def test_an_answer_is_read_with_short_names_and_the_first_of_each() -> None:
    answer = sip_words.read(
        b"SIP/2.0 200 OK\r\nt: <sip:a@b>;tag=xyz\r\nTo: other\r\n"
        b"CSeq: 7 INVITE\r\n\r\nv=0"
    )

    assert (answer.status, answer.method) == (200, "INVITE")
    assert sip_words.tag_of(answer) == "xyz"


def test_a_request_of_the_other_side_is_answered() -> None:
    request = sip_words.read(
        b"BYE sip:prober@127.0.0.1 SIP/2.0\r\nVia: v\r\nCSeq: 9 BYE\r\n\r\n"
    )

    assert (request.status, request.method) == (0, "BYE")
    assert sip_words.okay(request).startswith(b"SIP/2.0 200 OK\r\nVia: v\r\n")


@pytest.mark.parametrize("raw", [b"", b"\0\xff", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_what_is_no_sip_is_refused(raw: bytes) -> None:
    with pytest.raises(AnswerUnusable, match="which is no SIP"):
        sip_words.read(raw)
