"""Everything that is refused of flows that could be walked, each with its text."""

from pathlib import Path, PurePath

import pytest

from ivr.load import load_flows, load_flows_from
from ivr.problems import FlowRefused

HEAD = """\
name: main
language: zh
entry: welcome
person: person
steps:
"""
TAIL = """
  person: {queue: q_bill}
"""
LOOK_UPS = """\
look_ups:
  account:
    asks: account
    takes: {number: digits}
    gives: {balance: money, due: date}
  identity:
    asks: identity
    takes: {pin: secret}
    gives: {}
orders:
  fault:
    code: FAULT
    takes: {note: text}
"""
HOURS = """\
calendars:
  office: {week: {mon-fri: [08:30-17:30]}, holidays: closed}
"""
INNER = """\
name: inner
language: zh
entry: back
person: person
steps:
  back: {return: true}
  person: {queue: q_bill}
"""


def refusals(
    steps: str, *, head: str = HEAD, inner: str = INNER, more: str = ""
) -> list[str]:
    texts = {
        "flows/main.yaml": head + steps + TAIL + more,
        "lookups.yaml": LOOK_UPS,
        "hours.yaml": HOURS,
    }
    if inner and "inner" in steps:
        texts["flows/inner.yaml"] = inner
    try:
        load_flows_from(texts, folder=PurePath("flows"))
    except FlowRefused as refused:
        return [str(one).removeprefix("flows/") for one in refused.problems]
    return []


@pytest.mark.parametrize(
    "steps",
    [
        "  welcome: {look_up: account, with: {number: caller}, goto: tell}\n"
        "  tell: {say: {zh: '{account.balance:money}'}, goto: person}",
        "  welcome: {branch: [{if: hours.office and not holiday, goto: person}], "
        "otherwise: person}",
        "  welcome: {branch: [{if: queue.q_bill.waiting > 3 or flag.any, goto: "
        "person}], otherwise: person}",
        "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
        "secret: yes, goto: prove}\n"
        "  prove: {look_up: identity, with: {pin: pin}, goto: person}",
        "  welcome: {order: fault, with: {note: \"'x'\"}, as: job, goto: tell}\n"
        "  tell: {sms: {zh: '{job.tail:digits}'}, goto: person}",
        "  welcome: {flow: inner, goto: person}",
        "  welcome: {menu: {zh: 停电请按1，重听请按9，人工请按0。, "
        "en: 'Press 1 for x, 9 to repeat, 0 for an agent.'}, keys: {1: person}}",
    ],
)
def test_what_is_right_is_not_refused(steps: str) -> None:
    assert refusals(steps) == []


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        # names
        (
            "  welcome: {branch: [{if: caler == '1', goto: person}], "
            "otherwise: person}",
            "main.yaml:6: steps → welcome → branch → 0 → if: character 1: no value is "
            "called 'caler'; did you mean 'caller'?",
        ),
        (
            "  welcome: {branch: [{if: caller = '1', goto: person}], "
            "otherwise: person}",
            "main.yaml:6: steps → welcome → branch → 0 → if: character 8: '=' compares "
            "nothing; write '==', in \"caller = '1'\"",
        ),
        (
            "  welcome: {say: {zh: '余额{balance:money}'}, goto: person}",
            "main.yaml:6: steps → welcome → say → zh: no value is called 'balance'; "
            "there is 'call.repeats', 'caller', 'holiday', 'now', 'now.hour', "
            "'now.minute', 'now.weekday', 'number', 'storm'",
        ),
        (
            "  welcome: {say: {zh: '余额{caller:mony}'}, goto: person}",
            "main.yaml:6: steps → welcome → say → zh: no form of a value is called "
            "'mony'; did you mean 'money'?, in '余额{caller:mony}'",
        ),
        (
            "  welcome: {look_up: acount, goto: person}",
            "main.yaml:6: steps → welcome → look_up: no look-up is called 'acount'; "
            "did you mean 'account'?",
        ),
        (
            "  welcome: {look_up: account, with: {numbr: caller}, goto: person}",
            "main.yaml:6: steps → welcome → with → numbr: no argument of 'account' is "
            "called 'numbr'; did you mean 'number'?",
        ),
        (
            "  welcome: {look_up: account, goto: person}",
            "main.yaml:6: steps → welcome: 'account' is asked with nothing; write "
            "`with: {number: …}`",
        ),
        (
            "  welcome: {order: falt, goto: person}",
            "main.yaml:6: steps → welcome → order: no order is called 'falt'; "
            "did you mean 'fault'?",
        ),
        (
            "  welcome: {look_up: account, with: {number: caller}, goto: tell}\n"
            "  tell: {say: {zh: '{account.balanse:money}'}, goto: person}",
            "main.yaml:7: steps → tell → say → zh: no value is called "
            "'account.balanse'; did you mean 'account.balance'?",
        ),
        (
            "  welcome: {branch: [{if: hours.offise, goto: person}], "
            "otherwise: person}",
            "main.yaml:6: steps → welcome → branch → 0 → if: character 1: no calendar "
            "is called 'offise'; did you mean 'office'?",
        ),
        (
            "  welcome: {branch: [{if: queue.q_bill.waitng > 3, goto: person}], "
            "otherwise: person}",
            "main.yaml:6: steps → welcome → branch → 0 → if: character 1: no figure is "
            "called 'waitng'; did you mean 'waiting'?",
        ),
        (
            "  welcome: {flow: iner, goto: person}",
            "main.yaml:6: steps → welcome → flow: no flow is called 'iner'; there is "
            "'main'",
        ),
        (
            "  welcome: {look_up: account, with: {number: caller}, goto: person, "
            "failed: persn}",
            "main.yaml:6: steps → welcome → failed: no step is called 'persn'; did you "
            "mean 'person'?",
        ),
        (
            "  welcome: {branch: [{if: storm, goto: persn}], otherwise: person}",
            "main.yaml:6: steps → welcome → branch → 0 → goto: no step is called "
            "'persn'; did you mean 'person'?",
        ),
        # ways that go round
        (
            "  welcome: {set: {x: '1'}, goto: other}\n"
            "  other: {say: {zh: x}, goto: welcome}",
            "main.yaml:6: steps → welcome: nobody ever gets out of welcome → other → "
            "welcome; let one of them lead to a queue or hang up",
        ),
        (
            "  welcome: {look_up: account, with: {number: caller}, goto: person, "
            "failed: sorry}\n  sorry: {say: {zh: x}, goto: welcome}",
            "main.yaml:6: steps → welcome → failed: leads back to 'welcome' by itself, "
            "which would fail again; let it lead to a person",
        ),
        (
            "  welcome: {menu: {zh: x}, keys: {1: person}, on_silence: welcome}",
            "main.yaml:6: steps → welcome: a caller who presses nothing never gets out "
            "of welcome → welcome; let one of them lead to a queue or hang up",
        ),
        # keys
        (
            "  welcome: {menu: {zh: x}, keys: {0: bye}}\n  bye: {hang_up: {zh: x}}",
            "main.yaml:6: steps → welcome → keys → 0: 0 reaches a person everywhere, "
            "and step 'bye' is none; lead it to a queue or leave it out",
        ),
        (
            "  welcome: {menu: {zh: x}, keys: {1: person, 1: person}}",
            "main.yaml:6: steps → welcome → keys → 1: written twice, first at line 6; "
            "delete one",
        ),
        (
            "  welcome: {survey: {zh: x}, as: a, keys: [1, 2, 9], goto: person}",
            "main.yaml:6: steps → welcome → keys → 2: key '9' says it again here too; "
            "take another one",
        ),
        (
            "  welcome: {survey: {zh: x}, as: a, keys: [1, 1], goto: person}",
            "main.yaml:6: steps → welcome → keys → 1: key '1' is written twice; "
            "delete one",
        ),
        (
            "  welcome: {menu: {zh: 停电请按1，电费请按1。}, keys: {1: person}}",
            "main.yaml:6: steps → welcome → menu → zh: says key '1' 2 times; give each "
            "its own key",
        ),
        (
            "  welcome: {menu: {zh: 停电请按1，电费请按2。}, keys: {1: person}}",
            "main.yaml:6: steps → welcome → menu → zh: says to press '2', which means "
            "nothing here; there is *, 0, 1, 9",
        ),
        (
            "  welcome: {menu: {zh: x, en: 'Press 1 for this, 3 for that.'}, "
            "keys: {1: person}}",
            "main.yaml:6: steps → welcome → menu → en: says to press '3', which means "
            "nothing here; there is *, 0, 1, 9",
        ),
        (
            "  welcome: {collect: {zh: x}, as: a, digits: {least: 6, most: 4}, "
            "goto: person}",
            "main.yaml:6: steps → welcome → digits: least should be at most what "
            "`most` says, got 'least', 'most'; swap the two",
        ),
        (
            "  welcome: {collect: {zh: x}, as: a, digits: {least: 4, most: 6}, "
            "end_key: 5, goto: person}",
            "main.yaml:6: steps → welcome → end_key: should be '#' or '*', got '5'",
        ),
        # other numbers
        (
            "  welcome: {say: {zh: 请拨打12345。}, goto: person}",
            "main.yaml:6: steps → welcome → say → zh: sends the caller to '12345'; do "
            "it here, with a `transfer` or a `queue`",
        ),
        (
            "  welcome: {say: {zh: x, en: Please call us on 400 800 95598.}, "
            "goto: person}",
            "main.yaml:6: steps → welcome → say → en: sends the caller to '400 800 "
            "95598'; do it here, with a `transfer` or a `queue`",
        ),
        (
            "  welcome: {transfer: abc}",
            "main.yaml:6: steps → welcome → transfer: should be a number that can be "
            "dialled here, of 1 to 15 digits, got 'abc'",
        ),
        # texts
        (
            "  welcome: {sms: {en: x}, goto: person}",
            "main.yaml:6: steps → welcome → sms: has no text in 'zh', the language "
            "spoken here; write `zh: …`",
        ),
        (
            "  welcome: {sms: {file: x}, goto: person}",
            "main.yaml:6: steps → welcome → sms: has no text in 'zh', the language "
            "spoken here; write `zh: …`",
        ),
        (
            "  welcome: {say: {zh: '{caller'}, goto: person}",
            "main.yaml:6: steps → welcome → say → zh: a '{' without its other half; "
            "write '{{' for a brace, in '{caller'",
        ),
        # secrets
        (
            "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
            "secret: yes, goto: tell}\n"
            "  tell: {say: {zh: '{pin:digits}'}, goto: person}",
            "main.yaml:7: steps → tell → say → zh: 'pin' is secret and would be "
            "spoken; leave it out",
        ),
        (
            "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
            "secret: yes, goto: copy}\n"
            "  copy: {set: {other: pin}, goto: tell}\n"
            "  tell: {sms: {zh: '{other}'}, goto: person}",
            "main.yaml:8: steps → tell → sms → zh: 'other' is secret and would be "
            "written; leave it out",
        ),
        (
            "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
            "secret: yes, goto: decide}\n"
            "  decide: {branch: [{if: pin == '4711', goto: person}], "
            "otherwise: person}",
            "main.yaml:7: steps → decide → branch → 0 → if: \"pin == '4711'\" is "
            "written down when it holds, and tells the secret; look it up instead",
        ),
        (
            "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
            "secret: yes, goto: ask}\n"
            "  ask: {look_up: account, with: {number: pin}, goto: person}",
            "main.yaml:7: steps → ask → with → number: 'pin' is secret and 'number' is "
            "not kept so; declare it `secret` in lookups.yaml",
        ),
        (
            "  welcome: {collect: {zh: x}, as: pin, digits: {least: 4, most: 6}, "
            "secret: yes, goto: other}\n"
            "  other: {queue: q_bill, with: {pin: pin}}",
            "main.yaml:7: steps → other → with → pin: 'pin' is secret and would be "
            "told to others; leave it out",
        ),
        # reaching, returning
        (
            "  welcome: {say: {zh: x}, goto: person}\n  lost: {queue: q_bill}",
            "main.yaml:7: steps → lost: cannot be reached; lead to it or delete it",
        ),
        (
            "  welcome: {return: true}",
            "main.yaml:6: steps → welcome: gives back, and no flow walks this one; use "
            "a queue or hang up",
        ),
        (
            "  welcome: {flow: main, goto: person}",
            "main.yaml:6: steps → welcome → flow: comes back to itself: main → main; "
            "use `goto` instead",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_where_it_stands(
    steps: str, message: str
) -> None:
    assert message in refusals(steps)


def test_every_prompt_must_be_there_in_each_language_of_the_flow() -> None:
    head = HEAD.replace("steps:", "languages: [zh, en]\nsteps:")

    assert refusals("  welcome: {say: {zh: x}, goto: person}", head=head) == [
        "main.yaml:7: steps → welcome → say: has no text in 'en', one of the flow's "
        "languages; write `en: …`"
    ]


def test_a_flow_that_is_walked_speaks_the_languages_of_who_walks_it() -> None:
    head = HEAD.replace("steps:", "languages: [zh, en]\nsteps:")
    inner = INNER.replace("entry: back", "entry: hello").replace(
        "steps:", "steps:\n  hello: {say: {zh: x}, goto: back}"
    )

    found = refusals("  welcome: {flow: inner, goto: person}", head=head, inner=inner)

    assert found == [
        "main.yaml:7: steps → welcome → flow: 'inner' does not say everything in "
        "'en', which is spoken here; write its texts, or give it `languages`"
    ]


def test_a_default_that_lacks_a_language_is_told_once() -> None:
    head = HEAD.replace("steps:", "defaults: {on_wrong: {en: Wrong.}}\nsteps:")
    steps = (
        "  welcome: {menu: {zh: x}, keys: {1: more}}\n"
        "  more: {menu: {zh: x}, keys: {1: person}}"
    )

    assert refusals(steps, head=head) == [
        "main.yaml:5: defaults → on_wrong: has no text in 'zh', the language spoken "
        "here; write `zh: …`"
    ]


def test_values_of_another_flow_are_known_where_it_gives_back() -> None:
    inner = INNER.replace("entry: back", "entry: find").replace(
        "steps:", "steps:\n  find: {set: {who: caller}, goto: back}"
    )
    steps = (
        "  welcome: {flow: inner, goto: tell}\n"
        "  tell: {say: {zh: '{who}'}, goto: person}"
    )

    assert refusals(steps, inner=inner) == []


def test_flows_too_deep_in_each_other_are_refused(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    flows.mkdir()
    for depth in range(8):
        inner = f"f{depth + 1}"
        step = "{return: true}" if depth == 7 else f"{{flow: {inner}, goto: back}}"
        back = "" if depth == 7 else "  back: {return: true}\n"
        text = (
            f"name: f{depth}\nlanguage: zh\nentry: go\nperson: person\nsteps:\n"
            f"  go: {step}\n{back}  person: {{queue: q_bill}}\n"
        )
        (flows / f"f{depth}.yaml").write_text(text, encoding="utf-8")

    with pytest.raises(FlowRefused) as caught:
        load_flows(flows)

    whats = [problem.what for problem in caught.value.problems]
    assert (
        "more than 5 flows in each other: f0 → f1 → f2 → f3 → f4 → f5 → f6; join some "
        "of them" in whats
    )


def test_the_flows_that_come_with_the_house_are_right() -> None:
    root = Path(__file__).parents[2] / "dialplans" / "flows"

    assert "main" in load_flows(root)
