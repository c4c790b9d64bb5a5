"""What a browser is told with each answer: trust nothing that we did not send."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
    # Calls and names are nobody's to keep; what may be kept says so itself.
    "Cache-Control": "no-store",
}
ALWAYS_HTTPS = {"Strict-Transport-Security": "max-age=31536000"}
"""Told over HTTPS only: a browser that was told so goes no other way for a year."""


class SafeHeaders:
    """Adds the headers to every answer that does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        """Stand before an app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and mend the head of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_https = scope.get("scheme") == "https"
        told = dict(HEADERS) | (ALWAYS_HTTPS if is_https else {})

        async def mended(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in told.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, mended)
