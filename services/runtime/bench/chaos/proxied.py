"""A stand whose engine reaches Asterisk's manager by way of a proxy of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.phone.sipp import LOOPBACK
from services.runtime.bench.chaos.ami_proxy import AmiProxy
from services.runtime.bench.free_ports import free_base
from services.runtime.bench.stand import Plan, Stand, open_stand
from services.runtime.ports import Ports

_SEED = 22


@asynccontextmanager
async def proxied_stand(
    plan: Plan, *, base_port: int | None = None
) -> AsyncIterator[tuple[Stand, AmiProxy]]:
    """Start an instance behind a proxy that changes nothing yet.

    Args:
        plan: The floor.
        base_port: Its ports; None looks for some that are free.

    Raises:
        BenchFailed: It does not become ready.
    """
    base_port = base_port or free_base()
    proxy = AmiProxy(LOOPBACK, Ports.from_base(base_port).ami, seed=_SEED)
    variables = {"TIELINE_AMI__PORT": str(await proxy.start())}
    try:
        async with open_stand(plan, base_port=base_port, variables=variables) as stand:
            yield stand, proxy
    finally:
        await proxy.close()
