"""Asks a running instance over HTTP, with a sentence where it gives no answer."""

from collections.abc import Mapping
from typing import Any

import httpx

from services.runtime.errors import RuntimeProblem
from services.runtime.instance import Instance
from services.runtime.trust import trust_for

_ANSWERS_WITHIN_S = 15.0


class Unanswered(RuntimeProblem):
    """The instance is there by its file, but does not answer."""

    exit_code = 3

    def __init__(self, address: str, why: str) -> None:
        """Say where, and why."""
        super().__init__(
            f"{address}: gives no answer: {why}; see the engine's log, or ./tieline up"
        )
        self.address = address
        self.why = why


class Refused(RuntimeProblem):
    """The instance answered that it will not."""

    def __init__(self, told: Mapping[str, Any], status: int) -> None:
        """Pass on its sentence."""
        super().__init__(str(told.get("detail", f"http status {status}")))
        self.kind = str(told.get("type", ""))
        self.status = status
        self.told = told


def ask(
    found: Instance,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    **params: object,
) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that an instance gives for a path; None is not sent.

    Raises:
        Unanswered: Nothing answers there, or not in time.
        Refused: It answered with a problem.
    """
    given = {name: str(value) for name, value in params.items() if value is not None}
    return _answer(found, "GET", path, params=given, headers=dict(headers or {}))


def send(
    found: Instance,
    method: str,
    path: str,
    body: object,
    *,
    headers: Mapping[str, str] | None = None,
    limit_s: float = _ANSWERS_WITHIN_S,
) -> Any:  # noqa: ANN401 - JSON
    """Send JSON to an instance, and return the JSON that it answers with.

    Raises:
        Unanswered: Nothing answers there, or not in time.
        Refused: It answered with a problem.
    """
    given = dict(headers or {})
    return _answer(found, method, path, json=body, headers=given, timeout=limit_s)


def _answer(found: Instance, method: str, path: str, **given: Any) -> Any:  # noqa: ANN401 - JSON
    try:
        # Straight to this machine: a proxy of the environment knows nothing of it.
        with httpx.Client(
            timeout=_ANSWERS_WITHIN_S,
            trust_env=False,
            verify=trust_for(found.http, found.data),
            headers=found.headers,
        ) as client:
            answer = client.request(method, f"{found.http}{path}", **given)
            told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unanswered(found.http, str(error) or type(error).__name__) from error
    if answer.is_error:
        raise Refused(told, answer.status_code)
    return told
