"""Stands for the engine's process: waits as a spare, then says that it is ready."""

import argparse
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from services.runtime.embedded.engine import SPARE
from services.runtime.spare import wait_for_turn


class Ready(BaseHTTPRequestHandler):
    """Answers everything with 200."""

    def do_GET(self) -> None:
        """Say that all is well."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def main() -> None:
    """Run until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data")
    parser.add_argument(SPARE, action="store_true")
    if parser.parse_args().spare:
        wait_for_turn()
    HTTPServer(("127.0.0.1", int(os.environ["SMALL_PORT"])), Ready).serve_forever()


if __name__ == "__main__":
    main()
