"""Takes an alarm to people: a webhook, and mail."""

import asyncio
import ipaddress
import json
import smtplib
import socket
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal, Protocol
from urllib.parse import urlsplit

import httpx

from services.watchdog.alarm import Alarm
from services.watchdog.errors import AlarmUndelivered

_WEBHOOK_S = 5.0
_SMTP_S = 10.0


class Sender(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """How logs call it."""

    async def send(self, alarm: Alarm) -> None:
        """Deliver it.

        Raises:
            AlarmUndelivered: It could not be.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Posts an alarm as JSON to an address."""

    url: str = field(repr=False)
    """There may be a token in it."""
    is_private_ok: bool
    """Whether an address of this machine or network may be posted to."""
    name: str = "webhook"

    async def send(self, alarm: Alarm) -> None:
        """Post it; redirects are not followed, so that nobody leads us elsewhere.

        Raises:
            AlarmUndelivered: It was not taken with a 2xx.
        """
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        standard = 443 if parts.scheme == "https" else 80
        try:
            async with asyncio.timeout(_WEBHOOK_S):
                address = await self._resolved(host, parts.port or standard)
                shown = f"[{address}]" if ":" in address else address
                port = f":{parts.port}" if parts.port else ""
                there = parts._replace(netloc=f"{shown}{port}").geturl()
                async with (
                    httpx.AsyncClient(trust_env=False) as client,
                    client.stream(
                        "POST",
                        there,
                        json=alarm.as_dict(),
                        follow_redirects=False,
                        headers={"Host": f"{host}{port}"},
                        # Posted to the address that was looked at, under its own name.
                        extensions={"sni_hostname": host},
                    ) as answer,
                ):
                    status = answer.status_code
        except TimeoutError:
            why = f"no answer within {_WEBHOOK_S:g} s"
            raise AlarmUndelivered(f"webhook {host}: {why}") from None
        except (httpx.HTTPError, OSError) as error:
            why = str(error) or type(error).__name__
            raise AlarmUndelivered(f"webhook {host}: {why}") from error
        if not 200 <= status < 300:
            raise AlarmUndelivered(f"webhook {host}: answered {status}, not 2xx")

    async def _resolved(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [str(entry[4][0]) for entry in found]
        private = [a for a in addresses if not ipaddress.ip_address(a).is_global]
        if private and not self.is_private_ok:
            raise AlarmUndelivered(
                f"webhook {host}: is {private[0]}, an address of this machine or"
                " network; TIELINE_ALARM__IS_PRIVATE_OK=true would allow that"
            )
        return addresses[0]


Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """Sends an alarm by SMTP."""

    host: str
    port: int
    security: Security
    sender: str
    receivers: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    name: str = "mail"

    async def send(self, alarm: Alarm) -> None:
        """Send it, in a thread: smtplib waits.

        Raises:
            AlarmUndelivered: The mail server did not take it.
        """
        try:
            await asyncio.to_thread(self._send, alarm)
        except (smtplib.SMTPException, OSError) as error:
            why = str(error) or type(error).__name__
            where = f"mail by {self.host}:{self.port}"
            raise AlarmUndelivered(f"{where}: {why}") from error

    def _send(self, alarm: Alarm) -> None:
        message = EmailMessage()
        message["Subject"] = alarm.subject
        message["From"] = self.sender
        message["To"] = ", ".join(self.receivers)
        message.set_content(f"{alarm.text}\n{json.dumps(alarm.as_dict())}\n")
        trust = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_SMTP_S, context=trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=_SMTP_S)
        with server:
            if self.security == "starttls":
                server.starttls(context=trust)
            if self.user and self.password:
                server.login(self.user, self.password)
            server.send_message(message)
