"""Looks at what answers over a socket, from the manager to a whole call."""

import asyncio
import functools
import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from services.watchdog import prober
from services.watchdog.asking import Asking
from services.watchdog.engine_look import Progress
from services.watchdog.errors import AnswerUnusable, EngineSilent, LinkAway
from services.watchdog.eye import Eye
from services.watchdog.lag import Lag
from services.watchdog.light import Light, Reading
from services.watchdog.place import Place

_DAY_S = 86_400
_ENGINE_S = 1.5
"""Less than a look's limit: an engine that is silent is not this component's fault."""
_USED = """
SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int,
       pg_is_in_recovery()
"""
_MOST_CONNECTIONS_PERCENT = 80.0
_AGI_REQUEST = (
    b"agi_network: yes\nagi_network_script: probe\nagi_request: probe\n"
    b"agi_channel: watchdog\nagi_uniqueid: watchdog\n\n"
)


def red(sentence: str, **figures: float) -> Reading:
    """Return a reading of something that does not do its work."""
    return Reading(light=Light.RED, sentence=sentence, figures=figures)


def by_limits(
    told: str, value: float, *, low: float, out: float, would_do: str, **figures: float
) -> Reading:
    """Return green up to ``low``, yellow up to ``out``, red above."""
    if value <= low:
        return Reading(light=Light.GREEN, sentence=told, figures=figures)
    light = Light.YELLOW if value <= out else Light.RED
    return Reading(light=light, sentence=f"{told}; {would_do}", figures=figures)


class PartLooks:
    """One look at each part of an instance that has a port."""

    def __init__(
        self,
        place: Place,
        eye: Eye,
        asking: Asking,
        *,
        progress: Callable[[], Progress | None],
    ) -> None:
        """Look at nothing yet."""
        self._place = place
        self._eye = eye
        self._asking = asking
        self._progress = progress
        self._lag = Lag()
        self.unready: Mapping[str, str] = {}
        """What the engine itself says of its parts that fail, by part."""

    async def ami(self) -> Reading:
        """Look at the link to Asterisk's manager."""
        if self._eye.problem is not None:
            return red(f"ami: {self._eye.problem}")
        took_s = self._eye.round_trip_s
        return self._timed("ami", took_s)

    async def sip(self) -> Reading:
        """Ask the SIP port by OPTIONS."""
        place = self._place
        try:
            took_s = await prober.options(place.host, place.sip_port)
        except (AnswerUnusable, OSError) as error:
            where = f"{place.host}:{place.sip_port}"
            return red(f"sip: {where} does not answer, {error}; does asterisk run?")
        return self._timed("sip", took_s)

    async def agi(self) -> Reading:
        """Knock at the FastAGI port as Asterisk does."""
        place = self._place
        began = time.monotonic()
        where = f"agi: {place.host}:{place.agi_port}"
        try:
            reader, writer = await asyncio.open_connection(place.host, place.agi_port)
        except OSError as error:
            why = error.strerror or str(error)
            return red(f"{where}: {why.lower()}; does the engine run?")
        try:
            writer.write(_AGI_REQUEST)
            command = await reader.readuntil(b"\n")
            writer.write(b"200 result=1\n")
        except (asyncio.IncompleteReadError, OSError):
            return red(f"{where}: closes unanswered; see log/engine.log")
        finally:
            writer.close()
        if not command.startswith(b"EXEC MSet "):
            return red(f"{where}: answers {command[:40]!r}; is it the engine's?")
        return self._timed("agi", time.monotonic() - began)

    async def database(self) -> Reading:
        """Log in to the database, and count who else is."""
        began = time.monotonic()
        try:
            connection = await asyncpg.connect(
                self._place.database_url,
                timeout=2,
                server_settings={"application_name": "tieline watchdog"},
            )
            try:
                used, most, is_copy = await connection.fetchrow(_USED, timeout=2)
            finally:
                connection.terminate()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            why = str(error) or "no answer within 2 s"
            return red(
                f"database: {why}; calls go on and records wait in the journal;"
                " see log/postgresql.log"
            )
        took_s = time.monotonic() - began
        if is_copy:
            return red("database: is a standby and takes no records; promote it")
        percent = 100.0 * used / most
        if percent > _MOST_CONNECTIONS_PERCENT:
            told = f"database: {used} of {most} connections are in use"
            return by_limits(
                told, percent, low=0, out=100, would_do="raise max_connections"
            )
        return self._timed("database", took_s)

    async def http(self) -> Reading:
        """Ask over a new connection whether calls can be served."""
        began = time.monotonic()
        try:
            answer = await self._asking.get(
                "/readiness", limit_s=_ENGINE_S, is_fresh=True
            )
        except EngineSilent as silent:
            self.unready = {}
            return red(f"http: {self._place.http}: {silent}; does the engine run?")
        parts = answer.told.get("parts", ())
        self.unready = {p["part"]: p["sentence"] for p in parts if not p["is_ready"]}
        took_s = time.monotonic() - began
        if answer.is_error and not self.unready:
            return red(f"http: /readiness answers {answer.status}; see log/engine.log")
        return self._timed("http", took_s)

    async def shipping(self) -> Reading:
        """Tell how far the records are behind the journal, as the engine said last."""
        progress = self._progress()
        if progress is None:
            return Reading(light=Light.GREY, sentence="shipping: the engine is silent")
        journaled, shipped = progress.journaled_seq, progress.shipped_seq
        lag_s = self._lag.seen(
            journaled=journaled, shipped=shipped, now_s=time.monotonic()
        )
        waiting = max(0, journaled - shipped)
        limits = self._place.limits
        why = self.unready.get("database", "is the database busy?")
        return by_limits(
            f"shipping: {waiting} entries wait, the oldest for {lag_s:.0f} s"
            if lag_s
            else "shipping: all is on record",
            lag_s,
            low=limits.lag_low_s,
            out=limits.lag_out_s,
            would_do=f"records are delayed, none is lost: {why}",
            lag_s=round(lag_s, 1),
            waiting=waiting,
        )

    async def utility(self) -> Reading:
        """Look at the simulated utility, and ask the engine whether one answers it."""
        where = self._place.simulated_utility
        try:
            if where:
                await asyncio.to_thread(_knock, where)
            answer = await self._asking.get("/health", limit_s=_ENGINE_S)
        except OSError as error:
            why = error.strerror or str(error) or "no answer"
            told = (
                f"utility: the simulated one at {where}: {why.lower()}; callers go the"
                " ways of their flows for that; see log/simulated-utility.log"
            )
            return Reading(light=Light.YELLOW, sentence=told)
        except EngineSilent as silent:
            return Reading(light=Light.GREY, sentence=f"utility: {silent}")
        sentence = str(answer.told.get("utility") or "utility: none is set")
        lights: Mapping[object, Light] = {True: Light.GREEN, False: Light.YELLOW}
        light = lights.get(answer.told.get("utility_answers"), Light.GREY)
        return Reading(light=light, sentence=sentence)

    async def agreement(self) -> Reading:
        """Compare the calls that Asterisk has with those that the engine knows."""
        try:
            legs = await self._eye.list("Status", Variables="CC_CALL_ID")
            answer = await self._asking.get(
                "/health/calls", limit_s=_ENGINE_S, token=self._place.http_token
            )
        except (LinkAway, EngineSilent) as error:
            why = f"agreement: cannot be looked at, {error}"
            return Reading(light=Light.GREY, sentence=why)
        if answer.is_error:
            # Nothing was told, which is not the same as no calls.
            why = f"/health/calls answers {answer.status}; see log/engine.log"
            return Reading(light=Light.GREY, sentence=f"agreement: {why}")
        in_switch = {call: leg for leg in legs if (call := call_of(leg))}
        in_engine = set(answer.told.get("call_ids", ()))
        # Whom the switch serves by itself the engine need not know.
        unknown = {
            call
            for call, leg in in_switch.items()
            if call not in in_engine and not is_in_open(leg)
        }
        gone = in_engine - in_switch.keys()
        figures = {"unknown": len(unknown), "gone": len(gone)}
        if not unknown and not gone:
            told_so = f"agreement: asterisk and engine know the same {len(in_engine)}"
            return Reading(light=Light.GREEN, sentence=told_so, figures=figures)
        some = ", ".join(sorted(unknown | gone)[:3])
        return red(
            f"agreement: {len(unknown)} calls live in asterisk that the engine does not"
            f" know, {len(gone)} only in the engine ({some}); if it stays so, restart"
            " the engine: it adopts what lives",
            **figures,
        )

    async def call(self) -> Reading:
        """Place the synthetic call: SIP, dialplan, FastAGI, the loop, and sound."""
        place = self._place
        try:
            heard = await prober.call(place.host, place.sip_port, place.prober_password)
        except (AnswerUnusable, OSError) as error:
            return red(f"{error}; see asterisk/log/messages and log/engine.log")
        figures = {
            "answered_s": round(heard.answered_s, 3),
            "sound_s": round(heard.sound_s, 3),
        }
        told = f"call: answered in {heard.answered_s:.2f} s"
        return by_limits(
            told,
            heard.answered_s,
            low=1.0,
            out=3.0,
            would_do="is the machine full?",
            **figures,
        )

    async def certificate(self) -> Reading:
        """Look how long the certificate of the pages is good."""
        address = urlsplit(self._place.http)
        if address.scheme != "https" or address.hostname is None:
            return Reading(light=Light.GREY, sentence="certificate: no https is served")
        try:
            _, writer = await asyncio.open_connection(
                address.hostname,
                address.port or 443,
                ssl=trust(self._place.http, self._place.authority),
            )
        except ssl.SSLError as error:
            return red(f"certificate: {error.reason or error}; make a new one")
        except OSError as error:
            why = error.strerror or str(error)
            return Reading(light=Light.GREY, sentence=f"certificate: {why.lower()}")
        told = writer.get_extra_info("peercert")
        writer.close()
        left_s = ssl.cert_time_to_seconds(told["notAfter"]) - time.time()
        days = left_s / _DAY_S
        return by_limits(
            f"certificate: good for {days:.0f} days",
            -days,
            low=-self._place.limits.certificate_days,
            out=-1.0,
            would_do="make a new one",
            days=round(days, 1),
        )

    def _timed(self, name: str, took_s: float) -> Reading:
        return by_limits(
            f"{name}: answers in {1000 * took_s:.0f} ms",
            took_s,
            low=self._place.limits.slow_s,
            out=60.0,
            would_do="is the machine full?",
            answer_s=round(took_s, 4),
        )


def _knock(address: str) -> None:
    """See that something at an address answers HTTP with 200.

    Raises:
        OSError: It does not.
    """
    url = urlsplit(address)
    connection = http.client.HTTPConnection(
        url.hostname or "", url.port, timeout=_ENGINE_S
    )
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        answer.read(1 << 16)
    except http.client.HTTPException as error:
        raise OSError(f"answers no HTTP, {type(error).__name__}") from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK:
        raise OSError(f"answers {answer.status}")


def call_of(leg: Mapping[str, str]) -> str:
    """Return the call that a channel belongs to; "" for none of ours."""
    name, _, value = leg.get("variable", "").partition("=")
    return value if name == "CC_CALL_ID" else ""


def is_in_open(leg: Mapping[str, str]) -> bool:
    """Whether a channel is where Asterisk serves callers without the engine."""
    return leg.get("context", "").startswith("cc-open")


@functools.cache
def trust(address: str, authority: Path | None) -> ssl.SSLContext:
    """Return whom we believe when a page at an address says who it is."""
    if address.startswith("https://"):
        return ssl.create_default_context(cafile=authority)
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nobody is asked
