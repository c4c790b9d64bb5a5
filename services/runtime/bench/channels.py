"""How many channels live in an instance's Asterisk, asked over AMI by hand."""

import asyncio
import re

from services.runtime.bench.problems import BenchFailed
from services.runtime.instance import Instance
from services.runtime.secrets_kept import kept_secret
from services.runtime.settings import AmiSettings

_LIMIT_S = 10.0
_COUNT = re.compile(rb"Event: CoreShowChannelsComplete\r\n(?:.+\r\n)*?ListItems: (\d+)")


async def live_channels(instance: Instance) -> int:
    """Return the number of channels.

    Raises:
        BenchFailed: AMI does not say.
    """
    host, _, port = instance.ami.rpartition(":")
    secret = kept_secret(instance.data, "ami")
    login = {"Username": AmiSettings().user, "Secret": secret, "Events": "off"}
    text = b""
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(_action("Login", login) + _action("CoreShowChannels", {}))
        async with asyncio.timeout(_LIMIT_S):
            while not (found := _COUNT.search(text)):
                if not (piece := await reader.read(65536)):
                    break
                text += piece
    except TimeoutError:
        found = None
    finally:
        writer.close()
    if found is None:
        raise BenchFailed(
            "counting channels",
            found=repr(text[-200:]),
            would_do="does the AMI account have the class reporting?",
        )
    return int(found[1])


def _action(name: str, fields: dict[str, str]) -> bytes:
    lines = [f"Action: {name}", *(f"{key}: {value}" for key, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
