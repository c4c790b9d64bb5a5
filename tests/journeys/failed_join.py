"""Has Asterisk fail to join a caller, after it took the caller from the music."""

from cti_bridge.ami.connection import Account, Connection
from services.runtime.ports import Ports
from tests.support.instance import LOOPBACK, RunningInstance


async def fail_a_join(instance: RunningInstance, number: str) -> None:
    """Bridge the one call to a number with itself: its leg moves, and nobody comes."""
    account = Account(
        host=LOOPBACK,
        port=Ports.from_base(instance.base_port).ami,
        username="tieline",
        secret=(instance.data / "secrets" / "ami").read_text(encoding="utf-8").strip(),
    )
    link = await Connection.open(
        account, epoch=1, nonce="journey", sink=lambda _event: None
    )
    try:
        legs = await link.ask("Status", {"Variables": "CC_NUMBER"})
        [caller] = [leg for leg in legs if leg.variables().get("CC_NUMBER") == number]
        assert not caller.get("BridgeID"), f"too late, they talk already: {caller}"
        channel = caller["Channel"]
        pair = {"Channel1": channel, "Channel2": channel, "Tone": "no"}
        answer = await link.act("Bridge", pair)
        assert "Unable to add Channel2" in answer["Message"], answer
    finally:
        link.close()
