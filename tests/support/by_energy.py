"""A recogniser for tests: it listens to how loud a caller is, and to nothing else."""

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

from cti_bridge.audiosocket.gate import peak_of
from cti_bridge.audiosocket.protocol import RATE_HZ
from ivr.ports import Recognised
from ivr.understanding.grammar import Grammar
from ivr.understanding.outcome import Said
from services.speech.errors import RecogniserBusy

Fault = Literal["", "busy", "dies", "hangs", "deaf"]

_SHORT_S = 0.35
"""What is shorter is a cough."""
_QUIET_S = 0.6
"""Behind so much quiet the caller has finished."""
COUGH = Said("咳咳", 0.3)


class ByEnergy:
    """Takes whoever is loud for long to have said ``words``; others coughed.

    It understands nothing: what it proves is that a caller's real sound comes here in
    its time, and what the line does with results and with faults.
    """

    def __init__(self, words: str, *, fault: Fault = "") -> None:
        """Begin.

        Args:
            words: What is heard.
            fault: What goes wrong: it is busy, dies or hangs within the first words,
                or gives no result ever.
        """
        self.words = words
        self.fault = fault
        self.loud_s = 0.0
        """How much loud sound came in all."""
        self.heard_s = 0.0
        """How much sound came in all."""
        self.streams = 0

    async def hear(
        self, sound: AsyncIterator[bytes], grammar: Grammar, deadline_s: float
    ) -> AsyncIterator[Recognised]:
        """Tell words as soon as it was loud for long; see ``ivr.ports``."""
        self.streams += 1
        if self.fault == "busy":
            raise RecogniserBusy("by energy", "all places are taken")
        loud_s = quiet_s = heard_s = 0.0
        is_told = False
        async for pcm in sound:
            length_s = len(pcm) / 2 / RATE_HZ
            heard_s, self.heard_s = heard_s + length_s, self.heard_s + length_s
            if peak_of(pcm) > 2000:
                loud_s, quiet_s = loud_s + length_s, 0.0
                self.loud_s += length_s
            else:
                quiet_s += length_s
            if self.fault == "deaf":
                continue
            if loud_s > _SHORT_S and not is_told:
                if self.fault == "dies":
                    raise ChildProcessError("its process was killed")
                is_told = True
                yield Recognised(said=(Said(self.words),), is_final=False)
                if self.fault == "hangs":
                    async for _ in sound:
                        pass
                    await _for_ever()
            if (loud_s and quiet_s > _QUIET_S) or heard_s > deadline_s:
                break
        if self.fault == "deaf":
            await _for_ever()
        said = (Said(self.words),) if is_told else (COUGH,) if loud_s else ()
        yield Recognised(said=said, is_final=True)


async def _for_ever() -> None:
    await asyncio.get_running_loop().create_future()
