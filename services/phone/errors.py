"""What can go wrong between a softphone, the switch and the hotline's HTTP door."""


class PhoneError(Exception):
    """Base of everything the phone raises."""


class PhoneWouldNotStart(PhoneError):
    """The SIP stack did not come up; nothing was sent."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"softphone: the SIP stack did not start: {reason}; only one softphone"
            " runs in a process, and it needs a free UDP port on 127.0.0.1"
        )


class NotDiallable(PhoneError):
    """A number or name that cannot travel in a SIP header."""

    def __init__(self, what: str, found: str, wanted: str) -> None:
        self.what = what
        self.found = found
        super().__init__(f"{what}: {wanted}, got {found!r}")


class RegistrationRefused(PhoneError):
    """The switch did not take the REGISTER."""

    def __init__(
        self, device: str, server: str, status: int | None, reason: str
    ) -> None:
        self.device = device
        self.status = status
        found = f"{status} {reason}".strip() if status else reason or "no answer"
        super().__init__(
            f"device {device!r} at {server}: not registered: {found};"
            " is the instance running, and does secrets/devices.json belong to it"
        )


class CallNotAnswered(PhoneError):
    """An outgoing call ended, or was given up, before it was answered."""

    def __init__(self, number: str, status: int | None, reason: str) -> None:
        self.number = number
        self.status = status
        """The SIP status of the refusal; None when nothing answered at all."""
        self.reason = reason
        found = f"SIP {status} {reason}" if status else reason
        super().__init__(f"{number}: not answered: {found}")


class CallIsOver(PhoneError):
    """Something was asked of a call that has ended."""

    def __init__(self, asked: str, sip_call_id: str) -> None:
        self.sip_call_id = sip_call_id
        super().__init__(f"call {sip_call_id!r}: cannot {asked}: it is over")


class SoundUnusable(PhoneError):
    """A sound file that cannot be played as it is."""

    def __init__(self, where: str, found: str) -> None:
        self.where = where
        super().__init__(
            f"{where}: wanted 8000 Hz, one channel, 16 bits, got {found};"
            " convert it first"
        )


class SoundUnwritable(PhoneError):
    """What was heard cannot be kept."""

    def __init__(self, where: str, why: str) -> None:
        self.where = where
        super().__init__(f"{where}: cannot be written: {why}; name another file")


class HotlineUnreachable(PhoneError):
    """Nothing answers at the instance's HTTP address."""

    def __init__(self, url: str, cause: str) -> None:
        self.url = url
        super().__init__(f"{url}: no answer over HTTP: {cause}; is the engine running")


class RequestRefused(PhoneError):
    """The instance answered an HTTP request with a refusal."""

    def __init__(self, asked: str, status: int, detail: str) -> None:
        self.asked = asked
        self.status = status
        self.detail = detail
        super().__init__(f"{asked}: refused ({status}): {detail}")


class AnswerNotUnderstood(PhoneError):
    """The instance's answer over HTTP has not the shape that was agreed."""

    def __init__(self, where: str, found: str) -> None:
        self.where = where
        super().__init__(
            f"answer of the instance: {where}: {found};"
            " are this command and the instance of one version"
        )


class DeviceUnknown(PhoneError):
    """There are no credentials for an agent's device."""

    def __init__(self, agent_id: str, where: str, known: tuple[str, ...]) -> None:
        self.agent_id = agent_id
        found = ", ".join(known) or "none"
        super().__init__(
            f"{where}: no device for agent {agent_id!r}; agents with one are {found}"
        )


class DevicesUnreadable(PhoneError):
    """The file of devices cannot be used."""

    def __init__(self, where: str, found: str) -> None:
        self.where = where
        super().__init__(
            f"{where}: devices cannot be read: {found};"
            " run this as the user who ran ./tieline up, on the same data folder"
        )


class AgentHasACall(PhoneError):
    """Somebody else works as this agent, and has a call."""

    def __init__(self, agent_id: str, state: str) -> None:
        self.agent_id = agent_id
        self.state = state
        super().__init__(
            f"agent {agent_id!r}: has a call, is {state}; name another agent, or none"
            " for the first who is signed out"
        )


class NoAgentFree(PhoneError):
    """No agent with a device is signed out, so none can be played."""

    def __init__(self, states: tuple[str, ...]) -> None:
        self.states = states
        found = ", ".join(states) or "there are no agents"
        super().__init__(f"no agent is free to sign in: {found}")
