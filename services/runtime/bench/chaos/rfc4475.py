"""The 49 messages that RFC 4475 describes, made anew from its descriptions."""

from collections.abc import Iterator

_LONG = "very" * 60
_SDP = (
    "v=0\r\no=mhandley 29739 7272939 IN IP4 127.0.0.1\r\ns=-\r\n"
    "c=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 49217 RTP/AVP 0\r\n"
)


def messages(server: str, number: str, own: str) -> Iterator[tuple[str, bytes]]:
    """Yield each message by the section's number and the RFC's short name.

    Args:
        server: Host and port that they go to.
        number: One that is answered.
        own: Host and port that they come from.
    """
    make = _Maker(server, number, own)
    yield from _valid(make)
    yield from _invalid(make)
    yield from _beyond_the_parser(make)


class _Maker:
    def __init__(self, server: str, number: str, own: str) -> None:
        self.server, self.own = server, own
        self.uri = f"sip:{number}@{server}"
        self._made = 0

    def __call__(
        self,
        *,
        method: str = "INVITE",
        start: str = "",
        body: str = "",
        kind: str = "application/sdp",
        more: tuple[str, ...] = (),
        leave: tuple[str, ...] = (),
        **headers: str,
    ) -> bytes:
        """Return a request; ``headers`` replace ours, ``leave`` are left out."""
        self._made += 1
        told = {
            "Via": f"SIP/2.0/UDP {self.own};branch=z9hG4bK-torture-{self._made}",
            "From": f'"caller" <sip:13800138000@{self.own}>;tag=t{self._made}',
            "To": f"<{self.uri}>",
            "Call-ID": f"torture-{self._made}@{self.own}",
            "CSeq": f"1 {method}",
            "Max-Forwards": "70",
            "Contact": f"<sip:caller@{self.own}>",
        }
        if body:
            told["Content-Type"] = kind
        told["Content-Length"] = str(len(body.encode()))
        told |= {name.replace("_", "-"): text for name, text in headers.items()}
        lines = [
            start or f"{method} {self.uri} SIP/2.0",
            *(f"{name}: {text}" for name, text in told.items() if name not in leave),
            *more,
        ]
        text = "\r\n".join(lines) + "\r\n\r\n" + body
        return text.encode("utf-8", "surrogateescape")


def _valid(make: _Maker) -> Iterator[tuple[str, bytes]]:
    """Yield section 3.1.1: odd, and right."""
    own, uri = make.own, make.uri
    yield (
        "3.1.1.1 wsinv",
        make(
            start=f"INVITE {uri};unknownparam SIP/2.0",
            To=f"\r\n {uri} ;   tag    = 1918181833n",
            From=f'"J R \\\\\\""       <sip:jdrosen@{own}>\r\n  ;\r\n  tag = 98as',
            Max_Forwards="0068",
            CSeq="0009\r\n  INVITE",
            leave=("Via", "Contact", "Call-ID", "Content-Length"),
            more=(
                f"Via  : SIP  /   2.0\r\n /UDP\r\n    {own};branch=390skdjuw",
                "s :",
                "NewFangledHeader:   newfangled value\r\n continued newfangled value",
                "UnknownHeaderWithUnusualValue: ;;,,;;,;",
                'm:"Quoted string \\"\\"" <sip:jdrosen@127.0.0.1> ; newparam = newvalue'
                " ;\r\n  secondparam ; q = 0.33",
                f"i : wsinv.ndaksdj@{own}",
                f"l : {len(_SDP)}",
            ),
            body=_SDP,
        ),
    )
    odd = "!interesting-Method0123456789_*+`.%indeed'~"
    yield (
        "3.1.1.2 intmeth",
        make(
            method=odd,
            start=f"{odd} sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:"
            f"&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@{make.server} SIP/2.0",
        ),
    )
    yield (
        "3.1.1.3 esc01",
        make(
            start=f"INVITE sip:sips%3Auser%40example.com@{make.server} SIP/2.0",
            To="sip:%75se%72@example.com",
            body=_SDP,
        ),
    )
    nul = f"sip:null-%00-null@{own}"
    yield (
        "3.1.1.4 escnull",
        make(
            method="REGISTER", To=nul, From=f"{nul};tag=8", Contact=f"<sip:%00@{own}>"
        ),
    )
    yield (
        "3.1.1.5 esc02",
        make(
            method="RE%47IST%45R", To=f'"%Z%45" <{uri}>', From=f'"%Z%45" <{uri}>;tag=f2'
        ),
    )
    yield "3.1.1.6 lwsdisp", make(method="OPTIONS", From=f"caller<sip:c@{own}>;tag=3")
    yield (
        "3.1.1.7 longreq",
        make(
            start=f"INVITE {uri};{_LONG}={_LONG} SIP/2.0",
            To=f'"I have a user name of {_LONG} length" <sip:{_LONG}@{make.server}>',
            From=f"<sip:{_LONG}@{own}>;{_LONG}={_LONG};tag={_LONG}",
            Call_ID=f"longreq.{_LONG * 5}",
            more=(
                f"Unknown-{_LONG}-Name: {_LONG * 4}",
                *[
                    f"Via: SIP/2.0/UDP s{n}.example.com;branch={_LONG}"
                    for n in range(20)
                ],
            ),
            body=_SDP,
        ),
    )
    yield "3.1.1.8 dblreq", make(method="REGISTER") + make(body=_SDP)
    yield (
        "3.1.1.9 semiuri",
        make(
            method="OPTIONS",
            start=f"OPTIONS sip:user;par=u%40example.net@{make.server} SIP/2.0",
        ),
    )
    vias = ("UDP t1", "SCTP t2", "TLS t3", "UNKNOWN t4", "TCP t5")
    yield (
        "3.1.1.10 transports",
        make(
            method="OPTIONS",
            more=tuple(
                f"Via: SIP/2.0/{via}.example.com;branch=z9hG4bK1" for via in vias
            ),
        ),
    )
    parts = (
        "--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n"
        "--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\n"
        "Content-Transfer-Encoding: binary\r\n\r\n\x00\x01\x7f--\r\n"
        "--7a9cbec02ceef655--\r\n"
    )
    mixed = "multipart/mixed;boundary=7a9cbec02ceef655"
    yield "3.1.1.11 mpart01", make(method="MESSAGE", body=parts, kind=mixed)
    reason = "= 2**3 * 5**2 но сто девяносто девять - простое"
    yield "3.1.1.12 unreason", make(start=f"SIP/2.0 200 {reason}", CSeq="35 INVITE")
    yield "3.1.1.13 noreason", make(start="SIP/2.0 100 ", CSeq="35 INVITE")


def _invalid(make: _Maker) -> Iterator[tuple[str, bytes]]:
    """Yield section 3.1.2: wrong in its grammar."""
    own, uri = make.own, make.uri
    yield (
        "3.1.2.1 badinv01",
        make(Via=f"SIP/2.0/UDP {own};;,;,,", Contact='"Joe" <sip:joe@example.org>;;;;'),
    )
    yield "3.1.2.2 clerr", make(body=_SDP, Content_Length="9999")
    yield "3.1.2.3 ncl", make(body=_SDP, Content_Length="-999")
    huge = "36893488147419103232"
    yield (
        "3.1.2.4 scalar02",
        make(
            method="REGISTER",
            CSeq=f"{huge} REGISTER",
            Max_Forwards="300",
            Contact=f"<sip:user@{own}>;expires=10000000000000",
            more=(f"Expires: {huge}",),
        ),
    )
    yield (
        "3.1.2.5 scalarlg",
        make(
            start="SIP/2.0 503 Service Unavailable",
            CSeq=f"{huge} OPTIONS",
            more=(f"Retry-After: {huge}", 'Warning: 1812 overture "In Progress"'),
        ),
    )
    yield "3.1.2.6 quotbal", make(To=f'"Mr. J. User <{uri}>', body=_SDP)
    yield "3.1.2.7 ltgtruri", make(start=f"INVITE <{uri}> SIP/2.0", body=_SDP)
    yield "3.1.2.8 lwsruri", make(start=f"INVITE {uri}; lr SIP/2.0", body=_SDP)
    yield "3.1.2.9 lwsstart", make(start=f"INVITE  {uri}  SIP/2.0", body=_SDP)
    yield "3.1.2.10 trws", make(method="OPTIONS", start=f"OPTIONS {uri} SIP/2.0  ")
    escaped = f"INVITE {uri}?Route=%3Csip:example.com%3E SIP/2.0"
    yield "3.1.2.11 escruri", make(start=escaped, body=_SDP)
    yield (
        "3.1.2.12 baddate",
        make(more=("Date: Fri, 01 Jan 2010 16:00:00 EST",), body=_SDP),
    )
    yield (
        "3.1.2.13 regbadct",
        make(
            method="REGISTER", Contact=f"sip:user@{own}?Route=%3Csip:sip.example.com%3E"
        ),
    )
    yield "3.1.2.14 badaspec", make(method="OPTIONS", To=f'"W" < {uri} >')
    yield (
        "3.1.2.15 baddn",
        make(method="OPTIONS", From=f"Bell, Alexander <sip:a.g.bell@{own}>;tag=433423"),
    )
    yield (
        "3.1.2.16 badvers",
        make(
            method="OPTIONS",
            start=f"OPTIONS {uri} SIP/7.0",
            Via=f"SIP/7.0/UDP {own};branch=z9hG4bKkdjuw",
        ),
    )
    yield "3.1.2.17 mismatch01", make(method="OPTIONS", CSeq="8 INVITE")
    yield "3.1.2.18 mismatch02", make(method="NEWMETHOD", CSeq="8 INVITE")
    yield (
        "3.1.2.19 bigcode",
        make(start="SIP/2.0 4294967301 better not break the receiver", CSeq="4 INVITE"),
    )


def _beyond_the_parser(make: _Maker) -> Iterator[tuple[str, bytes]]:
    """Yield sections 3.2 to 3.4: transactions, applications, older syntax."""
    own, uri = make.own, make.uri
    yield (
        "3.2.1 badbranch",
        make(method="OPTIONS", Via=f"SIP/2.0/UDP {own};branch=z9hG4bK"),
    )
    yield "3.3.1 insuf", make(leave=("Call-ID", "From", "To"), body=_SDP)
    for name, scheme in (
        ("3.3.2 unkscm", "nobodyKnowsThisScheme:totallyopaquecontent"),
        ("3.3.3 novelsc", "soap.beep://192.0.2.103:3002"),
    ):
        yield name, make(method="OPTIONS", start=f"OPTIONS {scheme} SIP/2.0")
    yield (
        "3.3.4 unksm2",
        make(
            method="REGISTER",
            To="isbn:2983792873",
            From="<http://www.example.com>;tag=3234233",
            Contact="<name:John_Smith>",
        ),
    )
    unknown = "nothingSupportsThis, nothingSupportsThisEither"
    yield (
        "3.3.5 bext01",
        make(
            method="OPTIONS",
            more=(f"Require: {unknown}", f"Proxy-Require: {unknown}, no"),
        ),
    )
    yield (
        "3.3.6 invut",
        make(body="<audio>\r\n</audio>\r\n", kind="application/unknown"),
    )
    yield (
        "3.3.7 regaut01",
        make(
            method="REGISTER",
            more=("Authorization: NoOneKnowsThisScheme opaque-data=here",),
        ),
    )
    twice = (f"Call-ID: other@{own}", "CSeq: 59 INVITE", f"To: <{uri}>;tag=other")
    yield (
        "3.3.8 multi01",
        make(
            more=(*twice, f"From: <sip:other@{own}>;tag=3", "Max-Forwards: 5"),
            body=_SDP,
        ),
    )
    yield "3.3.9 mcl01", make(method="OPTIONS", more=("Content-Length: 5",), body="hi")
    yield (
        "3.3.10 bcast",
        make(
            start="SIP/2.0 200 OK",
            Via="SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKzz",
            more=("Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",),
            body=_SDP,
        ),
    )
    yield "3.3.11 zeromf", make(method="OPTIONS", Max_Forwards="0")
    yield (
        "3.3.12 cparam01",
        make(
            method="REGISTER", Contact="sip:+19725552222@gw1.example.net;unknownparam"
        ),
    )
    yield (
        "3.3.13 cparam02",
        make(
            method="REGISTER", Contact="<sip:+19725552222@gw1.example.net;unknownparam>"
        ),
    )
    yield (
        "3.3.14 regescrt",
        make(
            method="REGISTER",
            Contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
        ),
    )
    yield "3.3.15 sdp01", make(more=("Accept: text/nobodyKnowsThis",), body=_SDP)
    yield (
        "3.4.1 inv2543",
        make(
            Via=f"SIP/2.0/UDP {own}",
            From=f"<sip:caller@{own}>",
            leave=("Max-Forwards", "Contact", "Content-Length"),
            more=("Record-Route: <sip:services.example.com>",),
            body=_SDP,
        ),
    )
