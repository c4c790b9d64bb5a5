"""What a call costs that hears a greeting and two menus, beside plain dialplan."""

import itertools
import wave
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.sounds import Language, Spoken
from services.phone.sipp import CallerPlan, Load
from services.runtime.bench import cost
from services.runtime.bench.cost import Round
from services.runtime.bench.figures import Figure
from services.runtime.bench.fingers import KEY_S, STILL_S, fingers
from services.runtime.bench.floor_plan import QUEUE, FloorPlan, Walks
from services.runtime.bench.menu_rates import Placed, compared
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.peers import open_peer
from services.runtime.bench.stand import Stand
from services.runtime.prompting import prompt_store
from services.runtime.settings import read_settings

MENU = "6002"
_PLAIN = "7003"
_KEYS = "11"
_GREETING = "您好，这里是供电服务热线。"
_MENUS = ("停电报修请按一。", "转接人工请按一。")
_TALK_MS, _WAITS_MS = 2000, 1500
_BESIDES_MS = round(len(_KEYS) * (STILL_S + KEY_S) * 1000) + _WAITS_MS + _TALK_MS
"""How long a call lasts besides its prompts."""
_PAGE_S = 5

# The same sounds, keys and waits as the flow below, and the queue of ``peers``.
_DIALPLAN = f"""
[from-trunk]
exten => {_PLAIN},1,Answer(,i)
 same => n,Background({{sounds}}/greeting)
 same => n,Goto(bench-first,s,1)

[bench-first]
exten => s,1,Background({{sounds}}/first)
 same => n,WaitExten({_PAGE_S})
exten => 1,1,Goto(bench-second,s,1)
exten => 2,1,Hangup()
exten => t,1,Hangup()
exten => i,1,Hangup()

[bench-second]
exten => s,1,Background({{sounds}}/second)
 same => n,WaitExten({_PAGE_S})
exten => 1,1,Queue(bench,,,,60)
 same => n,Hangup()
exten => 2,1,Hangup()
exten => t,1,Hangup()
exten => i,1,Hangup()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuFloor(FloorPlan):
    """The floor of a bench, with a number whose callers come to two menus."""

    def walks(self) -> dict[str, Mapping[str, object]]:
        """Return the flows."""
        first, second = _MENUS
        menu: Walks = {
            "menu": {
                "greeting": {"say": {"zh": _GREETING}, "goto": "first"},
                "first": _menu(first, "second"),
                "second": _menu(second, "desk"),
                "bye": {"hang_up": {"zh": "再见。"}},
                "desk": {"queue": QUEUE},
            }
        }
        # Named in full: with slots, `super()` alone knows another class.
        return FloorPlan.walks(self) | dict(menu)

    def floor(self) -> dict[str, Any]:
        """Return what the floor's file says."""
        told = FloorPlan.floor(self)
        told["numbers"][MENU] = {"name": "two menus first", "flow": "menu"}
        return told


def _menu(text: str, goto: str) -> dict[str, object]:
    return {
        "menu": {"zh": text},
        "keys": {"1": goto, "2": "bye"},
        "timeout_s": _PAGE_S,
        "tries": 2,
    }


_Way = Callable[[CallerPlan, Load], Awaitable[Round]]


async def measure(
    stand: Stand, *, rates: Sequence[float], calls: int, rounds: int
) -> list[Figure]:
    """Place the same calls to our menus and to plain dialplan's, in turn.

    Args:
        stand: The instance.
        rates: In calls a second, the fastest first.
        calls: In each round.
        rounds: At the rate that we hold.
    """
    sounds = await _sounds(stand)
    stays_ms = round(sum(map(_length_s, sounds.values())) * 1000) + _BESIDES_MS
    firsts = itertools.count(13_500_000_000, calls)
    async with (
        open_peer(
            cost.peer_plan(stand, dialplan=_DIALPLAN, sounds=sounds), cost.DEVICES
        ) as peer,
        stand.devices(cost.DEVICES) as devices,
    ):

        async def placed(place: _Way, number: str, per_s: float) -> Placed:
            timeout_s = calls / per_s + stays_ms / 1000 + 30
            load = Load(calls=calls, per_s=per_s, timeout_s=timeout_s)
            callers = numbered(calls, next(firsts))
            return await _placed(place, number, load, callers, stays_ms)

        async def ours(per_s: float) -> Placed:
            return await placed(
                lambda plan, load: cost.placed_with_us(
                    stand, devices, plan=plan, load=load
                ),
                MENU,
                per_s,
            )

        async def plain(per_s: float) -> Placed:
            return await placed(
                lambda plan, load: cost.placed_with_peer(
                    peer, "plain", plan=plan, load=load
                ),
                _PLAIN,
                per_s,
            )

        return list(await compared(ours, plain, rates, rounds))


async def _placed(
    place: _Way,
    number: str,
    load: Load,
    callers: Sequence[tuple[str, str]],
    stays_ms: int,
) -> Placed:
    with fingers(len(callers), _KEYS) as hands:
        plan = CallerPlan(
            number=number,
            callers=callers,
            hang_up_after_ms=(stays_ms,),
            media_ports=tuple(hand.port for hand in hands),
        )
        found = await place(plan, load)
        # Behind the last key comes the queue, which says nothing of menus.
        presses = [press for hand in hands for press in hand.presses[:-1]]
    return Placed(round=found, presses=presses, calls=load.calls, per_s=load.per_s)


async def _sounds(stand: Stand) -> dict[str, Path]:
    """Return the prompts of the menus, by the names that the dialplan plays them by."""
    store = prompt_store(read_settings(data=stand.instance.data))
    said = dict(zip(("greeting", "first", "second"), (_GREETING, *_MENUS), strict=True))
    wanted = {
        name: Spoken(text=text, language=Language.ZH) for name, text in said.items()
    }
    ready = await store.prepare_sounds(wanted.values())
    return {name: Path(f"{ready[sound]}.wav") for name, sound in wanted.items()}


def _length_s(sound: Path) -> float:
    with wave.open(str(sound)) as read:
        return int(read.getnframes()) / int(read.getframerate())
