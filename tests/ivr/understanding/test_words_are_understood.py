"""Words and a closed grammar: what is taken, asked about, refused."""

import pytest

from ivr.everywhere import EVERYWHERE
from ivr.sounds import Language
from ivr.understanding.grammar import DANGER, Grammar, Phrases
from ivr.understanding.outcome import (
    DigitsSaid,
    NotTaken,
    Outcome,
    Said,
    Taken,
    Uncertain,
)
from ivr.understanding.understand import understood

FAULT, BILL, WHEN = "1", "2", "info"


def phrases(choice: str, zh: list[str], en: list[str]) -> Phrases:
    return Phrases(choice, ((Language.ZH, tuple(zh)), (Language.EN, tuple(en))))


GRAMMAR = Grammar(
    language=Language.ZH,
    choices=(
        *EVERYWHERE.at_every_step(),
        *EVERYWHERE.at_menus(),
        phrases(FAULT, ["停电", "没电", "报修"], ["power cut", "outage", "no power"]),
        phrases(BILL, ["电费", "余额", "欠费"], ["bill", "balance"]),
        phrases(WHEN, ["停电信息", "什么时候…来电"], ["when", "how long"]),
    ),
)


def heard(text: str, confidence: float = 1.0) -> Outcome:
    return understood([Said(text, confidence)], GRAMMAR)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("停电", FAULT),
        ("家里停电了，麻烦看一下", FAULT),
        ("停了电了", FAULT),
        ("我要查电费", BILL),
        ("停电信息", WHEN),
        ("请问什么时候能来电呀", WHEN),
        ("the power cut since morning", FAULT),
        ("there is no power at my house", FAULT),
        ("I'd like to check my bills please", BILL),
        ("power out age", FAULT),
        ("人工", "0"),
        ("帮我转人工服务", "0"),
        ("I want to speak to an operator", "0"),
        ("按一", FAULT),
        ("二", BILL),
        ("press two", BILL),
        ("再说一遍", "9"),
        ("返回", "*"),
    ],
)
def test_what_is_asked_is_taken_among_other_words(text: str, choice: str) -> None:
    outcome = heard(text)

    assert isinstance(outcome, Taken)
    assert outcome.choice == choice


@pytest.mark.parametrize(
    ("text", "choice", "why"),
    [
        ("听店了", FAULT, "'听店' is like '停电', 0.98"),
        ("挺点", FAULT, "'挺点' is like '停电', 0.98"),
        ("电非", BILL, "'电非' is like '电费', 0.99"),
        ("人公俗物", "0", "'人公俗物' is like '人工服务', 0.86"),
        ("停定信息", WHEN, "'停定信息' is like '停电信息', 0.88"),
    ],
)
def test_what_sounds_alike_is_taken_and_says_why(
    text: str, choice: str, why: str
) -> None:
    outcome = heard(text)

    assert isinstance(outcome, Taken)
    assert (outcome.choice, outcome.why) == (choice, why)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "。。。",
        "今天天气怎么样",
        "打电话",
        "你们几点下班",
        "what is the weather like",
        "不是停电",
        "我不是要查电费",
        "it is not about my bill",
        "没有着火",
        "مرحبا",
        "\u202e\u0000",
        "🔥",
    ],
)
def test_what_is_outside_or_denied_is_refused(text: str) -> None:
    assert isinstance(heard(text), NotTaken)


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("不是停电，是电费", BILL),
        ("不是电费是停电", FAULT),
        ("是不是停电了", FAULT),
        ("有没有停电", FAULT),
        ("电费，哦不对，报修", FAULT),
        ("not my bill, an outage", FAULT),
        ("the bill no wait a power cut", FAULT),
    ],
)
def test_what_is_denied_or_taken_back_leaves_what_is_meant(
    text: str, choice: str
) -> None:
    outcome = heard(text)

    assert isinstance(outcome, Taken)
    assert outcome.choice == choice


@pytest.mark.parametrize(
    "text",
    [
        "楼下电线掉下来了",
        "我要交电费但是楼道里着火了",
        "救命啊",
        "有人触店了",
        "是不是漏电",
        "the wire is down on the road",
        "there is a fire in the meter box",
        "my husband got an electric shock",
    ],
)
def test_danger_goes_before_all_else(text: str) -> None:
    outcome = heard(text, confidence=0.2)

    assert isinstance(outcome, Taken)
    assert outcome.choice == DANGER


def test_two_choices_at_once_are_asked_about() -> None:
    outcome = heard("电费和停电")

    assert isinstance(outcome, Uncertain)
    assert outcome.why == "'电费' is in it; '停电' is 1 as well"


@pytest.mark.parametrize(
    ("confidence", "kind"), [(0.9, Taken), (0.55, Uncertain), (0.3, NotTaken)]
)
def test_how_sure_the_recogniser_is_counts(
    confidence: float, kind: type[Outcome]
) -> None:
    assert isinstance(heard("停电", confidence), kind)


def test_the_best_of_what_may_have_been_said_is_taken() -> None:
    said = [Said("天电", 0.6), Said("停电", 0.6), Said("着火", 0.1)]

    assert understood(said[:2], GRAMMAR).certainty > 0.7
    outcome = understood(said, GRAMMAR)

    assert isinstance(outcome, Taken)
    assert outcome.choice == DANGER


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("五三零幺零零零零零一", "5301000001"),
        ("我的户号是五三零一，零零零零，零一", "5301000001"),
        ("5301 0000 01", "5301000001"),
        ("两个八三", "883"),
        ("舞三灵一", "5301"),
        ("five three oh one double oh", "530100"),
        ("fifty three oh one", "5301"),
        ("my account number is triple four two", "4442"),
    ],
)
def test_digits_come_as_callers_say_them(text: str, digits: str) -> None:
    grammar = Grammar(language=Language.ZH, digits=10, choices=GRAMMAR.choices[:2])

    outcome = understood([Said(text)], grammar)

    assert isinstance(outcome, DigitsSaid)
    assert outcome.digits == digits


@pytest.mark.parametrize("text", ["三百", "我停电三天了", "one thing at a time", "好"])
def test_talk_in_which_numbers_occur_is_no_number(text: str) -> None:
    grammar = Grammar(language=Language.ZH, digits=10)

    assert isinstance(understood([Said(text)], grammar), NotTaken)
