"""The engine's side of HTTPS: its certificate, looked at again when it is renewed."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvicorn
from fastapi import FastAPI

from services.runtime.certificates import certificate_names, load, server_context
from services.runtime.errors import RuntimeProblem
from services.runtime.trust import TlsFiles

log = structlog.get_logger()

_EVERY_S = 30.0


class Https:
    """Serves by the certificate of a data folder, and by each that follows it."""

    def __init__(self, data: Path, app: FastAPI) -> None:
        """Load it.

        Args:
            data: The data folder.
            app: It answers by the certificate's names, besides this machine's own.

        Raises:
            CertificateUnusable, SecretUnusable: It cannot be served.
        """
        self._data = data
        self._app = app
        self._made_at_ns = self._seen()
        self.context: ssl.SSLContext = server_context(data, datetime.now(UTC))
        app.state.names = certificate_names(data)

    def serve(self, config: uvicorn.Config) -> None:
        """Let an HTTP server speak TLS by it."""
        config.load()
        config.ssl = self.context

    async def run(self) -> None:
        """Load a renewed one for connections to come, until cancelled."""
        while True:
            await asyncio.sleep(_EVERY_S)
            self.look()

    def look(self) -> None:
        """Load the certificate if it is another one than before."""
        made_at_ns = self._seen()
        if made_at_ns == self._made_at_ns:
            return
        try:
            load(self.context, self._data)
            self._app.state.names = certificate_names(self._data)
        except RuntimeProblem as problem:
            log.error("certificate_unusable", reason=str(problem))  # noqa: TRY400 - the sentence says it all
        else:
            self._made_at_ns = made_at_ns
            log.info("certificate_renewed")

    def _seen(self) -> int:
        try:
            return TlsFiles(data=self._data).server.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
