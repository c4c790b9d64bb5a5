"""How long Asterisk takes to answer a ping, the way to us and our own queue in it."""

from collections.abc import Callable


class RoundTrip:
    """The newest ping of a link and its answer."""

    def __init__(self, clock_s: Callable[[], float]) -> None:
        """Begin without any."""
        self._clock_s = clock_s
        self._action_id = ""
        self._sent_at_s = 0.0
        self._last_s: float | None = None

    @property
    def seconds(self) -> float | None:
        """Of the last ping, one that is still on its way if that is longer already.

        None before the first answer.
        """
        if self._last_s is None or not self._action_id:
            return self._last_s
        return max(self._last_s, self._clock_s() - self._sent_at_s)

    def sent(self, action_id: str) -> str:
        """Note a ping, and return its id; of one that is on its way the age stays."""
        if not self._action_id:
            self._action_id, self._sent_at_s = action_id, self._clock_s()
        return action_id

    def answered(self, action_id: str) -> None:
        """Note an answer; one of another action is nothing."""
        if action_id == self._action_id:
            self._last_s = self._clock_s() - self._sent_at_s
            self._action_id = ""
