"""What a call costs that hears a greeting and two menus, beside plain dialplan."""

import wave
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ivr.sounds import Language, Spoken
from services.phone.sipp import CallerPlan, Load
from services.runtime.bench import cost
from services.runtime.bench.cost import Round
from services.runtime.bench.figures import Figure, latency
from services.runtime.bench.fingers import KEY_S, STILL_S, Press, fingers
from services.runtime.bench.floor_plan import QUEUE, FloorPlan, Walks
from services.runtime.bench.ordinary import numbered
from services.runtime.bench.peers import open_peer
from services.runtime.bench.stand import Stand
from services.runtime.progress import say
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
_PROMPT_FLOOR_MS = 150
_COST_FLOOR, _COST_GOAL = 2.0, 1.4
_RATE_SHARE = 0.98

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """One round of one way, with all keys that were pressed."""

    round: Round
    presses: Sequence[Press]


_Place = Callable[[CallerPlan], Awaitable[Round]]


async def measure(
    stand: Stand, *, calls: int, per_s: float, rounds: int
) -> list[Figure]:
    """Place the same calls to our menus and to plain dialplan's, in turn."""
    sounds = await _sounds(stand)
    stays_ms = round(sum(map(_length_s, sounds.values())) * 1000) + _BESIDES_MS
    timeout_s = calls / per_s + stays_ms / 1000 + 30
    load = Load(calls=calls, per_s=per_s, timeout_s=timeout_s)
    ours: list[_Placed] = []
    plain: list[_Placed] = []
    async with (
        open_peer(
            cost.peer_plan(stand, dialplan=_DIALPLAN, sounds=sounds), cost.DEVICES
        ) as peer,
        stand.devices(cost.DEVICES) as devices,
    ):
        ways: tuple[tuple[str, list[_Placed], _Place], ...] = (
            (
                MENU,
                ours,
                lambda plan: cost.placed_with_us(stand, devices, plan=plan, load=load),
            ),
            (
                _PLAIN,
                plain,
                lambda plan: cost.placed_with_peer(peer, "plain", plan=plan, load=load),
            ),
        )
        for turn in range(rounds):
            first = 13_500_000_000 + turn * calls
            for number, found, place in ways:
                one = await _placed(place, number, numbered(calls, first), stays_ms)
                found.append(one)
                parts = {k: round(v, 2) for k, v in one.round.ms_by_part.items()}
                say(f"menus, round {turn + 1}: {one.round.way}, CPU ms a call {parts}")
    return list(_figures(ours, plain, calls * rounds, per_s))


async def _placed(
    place: _Place, number: str, callers: Sequence[tuple[str, str]], stays_ms: int
) -> _Placed:
    with fingers(len(callers), _KEYS) as hands:
        plan = CallerPlan(
            number=number,
            callers=callers,
            hang_up_after_ms=(stays_ms,),
            media_ports=tuple(hand.port for hand in hands),
        )
        found = await place(plan)
        # Behind the last key comes the queue, which says nothing of menus.
        presses = [press for hand in hands for press in hand.presses[:-1]]
    return _Placed(round=found, presses=presses)


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


def _figures(
    ours: Sequence[_Placed], plain: Sequence[_Placed], n: int, per_s: float
) -> Iterator[Figure]:
    our_rounds = [one.round for one in ours]
    plain_rounds = [one.round for one in plain]
    yield cost.served("menu_served_ours", our_rounds, n, floor=1.0)
    yield cost.served("menu_served_plain", plain_rounds, n, floor=None)
    yield Figure(
        name="menu_calls_a_second",
        value=min(one.per_s for one in our_rounds),
        unit="calls/s",
        n=n,
        floor=per_s * _RATE_SHARE,
        is_more_better=True,
    )
    for name, rounds in (
        ("key_to_prompt", ours),
        ("key_to_prompt_plain", plain),
    ):
        presses = [press for one in rounds for press in one.presses]
        heard_ms = [
            (press.heard_s - press.up_s) * 1000
            for press in presses
            if press.heard_s is not None and press.up_s is not None
        ]
        yield from latency(
            name,
            heard_ms,
            p99_floor=_PROMPT_FLOOR_MS if rounds is ours else None,
            more={"pressed": len(presses)},
        )
    for part in sorted({part for one in our_rounds for part in one.ms_by_part}):
        spent = [one.ms_by_part[part] for one in our_rounds]
        yield cost.cost_figure(f"menu_cost_ours_{part}", spent, n)
    total = [one.total_ms for one in our_rounds]
    yield cost.cost_figure("menu_cost_ours_total", total, n)
    yield cost.cost_figure(
        "menu_cost_plain_asterisk", [one.switch_ms for one in plain_rounds], n
    )
    yield cost.ratio(
        "menu_cost_to_plain",
        our_rounds,
        plain_rounds,
        n,
        floor=_COST_FLOOR,
        goal=_COST_GOAL,
    )
