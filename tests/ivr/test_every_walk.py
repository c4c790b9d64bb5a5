"""What holds of every walk, whatever comes: one end, no secret, nobody lost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from acd.vocabulary.flow_facts import CallRouted, FlowEnded
from ivr.flow import Flow
from ivr.flow_set import FlowSet
from ivr.machine import take
from ivr.turns import (
    Act,
    Answer,
    Answered,
    Ask,
    AskFailed,
    Begun,
    Broke,
    CallerLeft,
    Found,
    HangUp,
    Input,
    KeyCame,
    LetGo,
    MessageTaken,
    NoKeyCame,
    NotFound,
    Played,
    Queue,
    Record,
    Say,
)
from ivr.values import Value, Values
from ivr.walk import Phase, fresh_walk
from ivr.written import KEYS
from tests.ivr.flows import ALICE, at

TEXT = {"zh": "请说{account.name}", "en": "Say"}
PIN = "pin"


def a_flow(name: str, steps: dict[str, object]) -> Flow:
    return Flow.model_validate(
        {
            "name": name,
            "language": "zh",
            "entry": next(iter(steps)),
            "person": "person",
            "defaults": {"on_failure": "sorry", "on_wrong": TEXT},
            "steps": {
                **steps,
                "sorry": {"say": TEXT, "goto": "person"},
                "person": {"queue": "q_bill", "hears": TEXT, "with": {"who": "caller"}},
            },
        }
    )


MAIN = a_flow(
    "main",
    {
        "hello": {"say": TEXT, "goto": "menu"},
        "menu": {
            "menu": TEXT,
            "keys": {"1": "pin", "2": "find", "3": "note", "4": "into", "5": "english"},
            "on_silence": "rate",
        },
        "english": {"speak": "en", "slow": "true", "goto": "menu"},
        "pin": {
            "collect": TEXT,
            "as": PIN,
            "digits": {"least": 4, "most": 6},
            "secret": "true",
            "goto": "copy",
        },
        "copy": {"set": {"other": "pin", "n": "n + 1"}, "goto": "decide"},
        "decide": {
            "branch": [
                {"if": "n > 3", "goto": "bye"},
                {"if": "other == account.name", "goto": "sure"},
                {"if": "queue.q_bill.waiting > 2 or storm", "goto": "pin"},
            ],
            "otherwise": "menu",
        },
        "find": {"look_up": "account", "with": {"pin": "pin"}, "goto": "sure"},
        "sure": {"confirm": TEXT, "yes": "order", "no": "menu"},
        "order": {"order": "fault", "as": "job", "goto": "send"},
        "send": {"sms": {"zh": "{job.id}"}, "goto": "rate"},
        "note": {"record": TEXT, "as": "note", "goto": "order"},
        "rate": {"survey": TEXT, "as": "score", "goto": "bye"},
        "into": {"flow": "inner", "goto": "decide"},
        "bye": {"hang_up": TEXT},
    },
)
INNER = a_flow(
    "inner",
    {
        "ask": {"confirm": TEXT, "yes": "deeper", "no": "back"},
        "deeper": {"flow": "inner", "goto": "over"},
        "over": {"confirm": TEXT, "yes": "back", "no": "away"},
        "away": {"transfer": "6000"},
        "back": {"return": "true"},
    },
)
ALL = FlowSet(flows={"main": MAIN, "inner": INNER}, numbers={"6000": "main"})

VALUES: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5), st.just(at(0))
) | st.decimals(allow_nan=True, allow_infinity=True).map(Decimal)
NAMES = st.sampled_from(["name", "id", "balance", "found"])
FOUND: st.SearchStrategy[Values] = st.dictionaries(NAMES, VALUES, max_size=3)
STRANGE: list[Input] = [CallerLeft(), Broke(detail="x")]
DIGITS = st.sampled_from("2467").map(lambda key: KeyCame(key=key))


def inputs_for(act: Act) -> st.SearchStrategy[Input]:
    keys = st.sampled_from(KEYS).map(lambda key: KeyCame(key=key))
    usual: st.SearchStrategy[Input]
    match act:
        case Answer():
            usual = st.just(Answered())
        case Say():
            usual = keys | st.just(Played()) if act.keys else st.just(Played())
        case Ask():
            found = FOUND.map(lambda values: Found(values=values))
            usual = found | st.sampled_from([NotFound(), AskFailed(detail="away")])
        case Record():
            taken = MessageTaken(length_s=5)
            short = MessageTaken(length_s=0, key="#")
            usual = st.sampled_from([taken, short, AskFailed(detail="disk")])
        case _:
            usual = keys | DIGITS | st.just(NoKeyCame())
    return usual


@given(st.data(), st.integers(0, 400))
def test_every_walk_ends_exactly_once_whatever_comes(
    data: st.DataObject, leaves_after: int
) -> None:
    walk = fresh_walk(MAIN, ALICE)
    came: Input = Begun()
    act: Act = Answer()
    around: Values = {"storm": data.draw(st.booleans(), label="storm")}
    facts: list[object] = []

    for number in range(3000):
        turn = take(ALL, walk, came, at(number), around)
        walk, act = turn.walk, turn.act
        facts += turn.facts
        if walk.phase is Phase.OVER:
            break
        is_last = number == leaves_after
        next_one = st.sampled_from(STRANGE) if is_last else inputs_for(act)
        came = data.draw(next_one, label="came")

    assert walk.phase is Phase.OVER
    assert isinstance(act, Queue | HangUp | LetGo)
    endings = [fact for fact in facts if isinstance(fact, CallRouted | FlowEnded)]
    assert len(endings) == 1
    nths = [fact.nth for fact in facts if hasattr(fact, "nth")]
    assert nths == list(range(1, len(nths) + 1))


@given(st.lists(st.sampled_from("3456789"), min_size=4, max_size=6))
def test_digits_of_a_secret_are_seen_nowhere(digits: list[str]) -> None:
    secret = "".join(digits)
    pressed: list[Input] = [KeyCame(key="1"), *(KeyCame(key=key) for key in digits)]
    if len(digits) < 6:
        pressed.append(KeyCame(key="#"))
    walk, seen = fresh_walk(MAIN, ALICE), ""

    for number, came in enumerate([Begun(), Answered(), *pressed]):
        turn = take(ALL, walk, came, at(number))
        walk = turn.walk
        seen += repr((turn.facts, walk))

    assert walk.values["other"] == walk.values[PIN]
    assert "Secret()" in seen
    assert f"'{secret}'" not in seen
    assert secret not in seen.replace(KEYS, "")
