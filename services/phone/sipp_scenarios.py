"""Renders the SIPp scenarios: keys, refusals, and a wait with an open ear."""

from pathlib import Path

_FOLDER = Path(__file__).parent / "scenarios"
# Where Debian's sip-tester keeps RFC 4733 events, payload type 101.
_PCAPS = Path("/usr/share/sip-tester")
_PCAP_NAMES = {"*": "star", "#": "pound"}
_TICK_MS = 200
_KEY_GAP_MS = 400
_PAUSE, _PAUSE_MS = ",", 4000
_REFUSALS = (
    *(400, 401, 403, 404, 405, 406, 408, 410, 415, 480, 482, 484, 486, 487, 488),
    *(500, 501, 502, 503, 504, 600, 603, 604, 606),
)
_REASONS = {
    480: "Temporarily Unavailable",
    486: "Busy Here",
    488: "Not Acceptable Here",
    603: "Decline",
}

_OK = """<send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>"""

_SDP = """Contact: <sip:peer@[local_ip]:[local_port]>
      Content-Type: application/sdp
      Content-Length: [len]

      v=0
      o=peer 1 1 IN IP[local_ip_type] [local_ip]
      s=-
      c=IN IP[media_ip_type] [media_ip]
      t=0 0
      m=audio {{media_port}} RTP/AVP 0 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
      a=fmtp:101 0-15
      a=ptime:20
      a=sendrecv"""

# SIPp's clock as one number of milliseconds.
_NOW = """<gettimeofday assign_to="now,now_us"/>
      <multiply assign_to="now" value="1000"/>
      <divide assign_to="now_us" value="1000"/>
      <add assign_to="now" variable="now_us"/>"""

# SIPp takes a message only at the step that waits for it, and for anything else gives
# the call up. These are taken at every step after them ("global"). No switch sends us
# NOTIFY: by it SIPp's own user has one call hung up now (``SippRun.hang_up``).
_EAR = """<recv request="BYE" optional="global" next="hung_up_there"/>
  <recv request="INVITE" optional="global" next="reinvited"/>
  <recv request="UPDATE" optional="global" next="updated"/>
  <recv request="INFO" optional="global" next="updated"/>
  <recv request="OPTIONS" optional="global" next="updated"/>
  <recv request="NOTIFY" optional="global" next="hang_up"/>"""

# Its pause takes nothing in either, so talking is waiting for a BYE in short turns. The
# time-out stands at the first of several receptions, or it is not looked at.
_TALK = f"""<label id="talk"/>
  <recv request="ACK" optional="true" timeout="{_TICK_MS}" ontimeout="tick"
        next="talk"/>
  <recv request="BYE" next="hung_up_there"/>

  <label id="hung_up_there"/>
  {_OK}
  <nop next="done">
    <action><log message="hung_up [timestamp] [call_id] them"/></action>
  </nop>

  <label id="reinvited"/>
  <send retrans="500">
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:]
      [last_Call-ID:]
      [last_CSeq:]
      {_SDP}
    ]]>
  </send>
  <recv request="ACK" timeout="2000" ontimeout="talk" next="talk"/>

  <label id="updated"/>
  {_OK}
  <nop next="talk"/>

  <label id="tick"/>
  <nop>
    <action>
      {_NOW}
      <test assign_to="is_time" variable="now" compare="greater_than"
            variable2="until"/>
    </action>
  </nop>
  <nop test="is_time" next="hang_up"/>
  <nop next="talk"/>"""

_SET_UNTIL = f"""
    <action>
      <log message="answered [timestamp] [call_id] 200"/>
      {_NOW}
      <assign assign_to="until" variable="now"/>
      <add assign_to="until" value="{{{{talk_ms}}}}"/>
    </action>"""

_ANSWER = f"""<nop>
    <action><log message="picked_up [timestamp] [call_id] -"/></action>
  </nop>
  <send retrans="500">
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]d[pid]
      [last_Call-ID:]
      [last_CSeq:]
      {_SDP}
    ]]>
  </send>
  {_EAR}
  <recv request="CANCEL" optional="true" next="too_late"/>
  <recv request="ACK" next="talk">{_SET_UNTIL}
  </recv>
  <label id="too_late"/>
  {_OK}
  <recv request="ACK">{_SET_UNTIL}
  </recv>"""

_WAIT = """<nop>
    <action>
      <assignstr assign_to="wait_text" value="[field4]"/>
      <todouble assign_to="wait_ms" variable="wait_text"/>
    </action>
  </nop>
  <pause variable="wait_ms"/>"""

_REFUSE = """<nop>
    <action><log message="refused [timestamp] [call_id] {{status}}"/></action>
  </nop>
  <send retrans="500">
    <![CDATA[
      SIP/2.0 {{status}} {{reason}}
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]d[pid]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0

    ]]>
  </send>
  <recv request="ACK" next="done"/>"""


def caller(
    keys: str,
    *,
    payload: int,
    rtp_events: bool,
    has_media_ports: bool = False,
    waits: bool = False,
) -> str:
    """Return a caller's scenario.

    Args:
        keys: Pressed one after the other, 400 ms apart, from the answer on; a comma
            is a pause of 4 s.
        payload: The only codec offered, by its static RTP payload type.
        rtp_events: Send keys as RTP events, for which SIPp needs a raw socket and so
            root; else as SIP INFO.
        has_media_ports: Each caller's sound goes to the port in its [field3].
        waits: Each caller dials only after [field4] ms.
    """
    names = {0: "PCMU", 8: "PCMA", 18: "G729"}
    by = _press_by_rtp if rtp_events else _press_by_info

    def press(number: int, key: str) -> str:
        pause = f'<pause milliseconds="{_PAUSE_MS}"/>'
        return pause if key == _PAUSE else by(number, key)

    return _rendered(
        "caller.xml",
        wait=_WAIT if waits else "",
        payloads=f"{payload} 101",
        rtpmaps=f"a=rtpmap:{payload} {names[payload]}/8000",
        ear=_EAR,
        refusals="\n  ".join(map(_refusal, _REFUSALS)),
        keys="\n  ".join(press(number, key) for number, key in enumerate(keys)),
        talk=_TALK,
        now=_NOW,
        ok=_OK,
        media_port="[field3]" if has_media_ports else "[media_port]",
    )


def device(
    ring_ms: int, *, status: int, talk_ms: int, media_port: int | None = None
) -> str:
    """Return a device's scenario: ring, then answer (status 200) or refuse.

    Args:
        ring_ms: Before it decides.
        status: By which it decides.
        talk_ms: After which it hangs up itself.
        media_port: Where all its calls want their sound; None is SIPp's own port.
    """
    return _rendered(
        "device.xml",
        ring_ms=str(ring_ms),
        decision=_ANSWER if status == 200 else _REFUSE,
        talk=_TALK,
        talk_ms=str(talk_ms),
        status=str(status),
        reason=_REASONS.get(status, "Refused"),
        ok=_OK,
        media_port=str(media_port or "[media_port]"),
    )


def register() -> str:
    """Return the scenario that registers devices."""
    return _rendered("register.xml")


def _rendered(name: str, **parts: str) -> str:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    for part, value in parts.items():
        text = text.replace("{{" + part + "}}", value)
    return text


def _refusal(status: int) -> str:
    return f"""<recv response="{status}" optional="true" next="refused">
    <action><log message="refused [timestamp] [call_id] {status}"/></action>
  </recv>"""


def _press_by_info(number: int, key: str) -> str:
    return f"""<pause milliseconds="{_KEY_GAP_MS}"/>
  <send retrans="500">
    <![CDATA[
      INFO sip:[service]@[remote_ip]:[remote_port] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From: "[field1]" <sip:[field0]@[local_ip]:[local_port]>;tag=[call_number]c[pid]
      To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
      Call-ID: [call_id]
      CSeq: {number + 10} INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal={key}
      Duration=100
    ]]>
  </send>
  <recv response="200"/>"""


def _press_by_rtp(_number: int, key: str) -> str:
    pcap = _PCAPS / f"dtmf_2833_{_PCAP_NAMES.get(key, key)}.pcap"
    return f"""<pause milliseconds="{_KEY_GAP_MS}"/>
  <nop><action><exec play_pcap_audio="{pcap}"/></action></nop>"""
