"""What can be proved of a flow without calling it."""

import re
from collections.abc import Iterator, Mapping

from ivr.flow import Flow
from ivr.known import Finding
from ivr.prompt import Prompt
from ivr.prose import promises
from ivr.rounds import rounds
from ivr.sayings import danger_is_a_queue
from ivr.secrecy import told_keys
from ivr.sounds import Language
from ivr.source import Trail
from ivr.steps import (
    BranchStep,
    HangUpStep,
    MenuStep,
    QueueStep,
    ReturnStep,
    SayStep,
    SetStep,
    SmsStep,
    SpeakStep,
    SurveyStep,
    TransferStep,
    prompts_of,
)
from ivr.ways import BACK_KEY, PERSON_KEY, REPEAT_KEY, ways_of
from ivr.wording import Wording, unknown
from ivr.written import KEY, StepName

_DEFAULT_PROMPTS = (
    *("on_timeout", "on_wrong", "please_wait"),
    *("on_unheard", "to_keys", "is_it", "read_back"),
)
_LEADING = (
    *("goto", "give_up", "on_silence", "yes", "no"),
    *("otherwise", "not_found", "failed"),
)
"""The fields of steps that name a step."""


def unknown_steps(written: object) -> list[Finding]:
    """Return the names of steps that lead nowhere, in a flow as it is written.

    It takes what stands in the file, right or wrong, so that a wrong name is told
    together with everything else that is wrong.
    """
    flow = _mapping(written)
    steps = _mapping(flow.get("steps"))
    defaults = _mapping(flow.get("defaults"))
    named: list[tuple[Trail, object]] = [
        ((field,), flow.get(field)) for field in ("entry", "person", "danger")
    ]
    named.append((("defaults", "on_failure"), defaults.get("on_failure")))
    for name, step in steps.items():
        named += _named((("steps", name)), _mapping(step))
    return [
        (trail, unknown(goto, Wording(en="step", zh="步骤"), steps))
        for trail, goto in named
        if isinstance(goto, str) and goto not in steps
    ]


def _named(
    here: Trail, options: Mapping[str, object]
) -> Iterator[tuple[Trail, object]]:
    for field in _LEADING:
        yield (*here, field), options.get(field)
    if "menu" in options or "queue" in options:
        for key, goto in _mapping(options.get("keys")).items():
            yield (*here, "keys", key), goto
        for choice in _mapping(options.get("words")):
            if not re.match(KEY, choice):
                yield (*here, "words", choice), choice
    cases = options.get("branch")
    for place, case in enumerate(cases if isinstance(cases, list) else ()):
        yield (*here, "branch", str(place), "goto"), _mapping(case).get("goto")


def findings(flow: Flow) -> list[Finding]:
    """Return what is wrong with a flow in which every name leads somewhere."""
    return [
        *_no_person(flow),
        *danger_is_a_queue(flow),
        *_unreachable(flow),
        *rounds(flow),
        *_missing_texts(flow),
        *_zero_elsewhere(flow),
        *_keys_of_two_meanings(flow),
        *promises(flow),
        *told_keys(flow),
    ]


def _mapping(written: object) -> Mapping[str, object]:
    return written if isinstance(written, Mapping) else {}


def _no_person(flow: Flow) -> Iterator[Finding]:
    if flow.has_person and not isinstance(flow.steps[flow.person], QueueStep):
        yield (
            ("person",),
            Wording(
                en=f"step {flow.person!r} is not a queue; name a step with `queue: …`",
                zh=f"步骤 {flow.person!r} 不是队列；请指定一个写有 `queue: …` 的步骤",
            ),
        )


def _unreachable(flow: Flow) -> Iterator[Finding]:
    reached: set[StepName] = set()
    todo = [flow.entry, flow.person, flow.failure]
    if flow.danger is not None:
        todo.append(flow.danger)
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += [way.goto for way in ways_of(flow, flow.steps[name])]
    for name in flow.steps:
        if name not in reached:
            yield (
                ("steps", name),
                Wording(
                    en="cannot be reached; lead to it or delete it",
                    zh="没有任何路径能到这里；请让某一步通向它，或删除它",
                ),
            )


def _zero_elsewhere(flow: Flow) -> Iterator[Finding]:
    """Tell menus where the key for a person does something else."""
    for name, step in flow.steps.items():
        if isinstance(step, QueueStep) and PERSON_KEY in step.keys:
            yield (
                ("steps", name, "keys", PERSON_KEY),
                Wording(
                    en="0 asks for a person, who is waited for here; take another key",
                    zh="按 0 是转人工，而这里已经在等人工；请换一个键",
                ),
            )
        if not isinstance(step, MenuStep) or step.secret:
            continue
        goto = step.keys.get(PERSON_KEY)
        if goto is not None and not _leads_to_a_person(flow, goto):
            yield (
                ("steps", name, "keys", PERSON_KEY),
                Wording(
                    en=f"0 reaches a person everywhere, and step {goto!r} is none; "
                    "lead it to a queue or leave it out",
                    zh=f"任何地方按 0 都转人工，而步骤 {goto!r} 不通向人工；"
                    "请让它通向队列，或去掉这个键",
                ),
            )


def _leads_to_a_person(flow: Flow, name: StepName) -> bool:
    """Tell whether a step leads to a queue and nowhere else, without asking."""
    seen: set[StepName] = set()
    todo = [name]
    while todo:
        one = todo.pop()
        step = flow.steps[one]
        if isinstance(step, QueueStep | TransferStep) or one in seen:
            continue
        if isinstance(step, ReturnStep) and step.is_to_a_person:
            continue
        if not isinstance(step, SayStep | SetStep | BranchStep | SpeakStep):
            return False
        seen.add(one)
        todo += [way.goto for way in ways_of(flow, step)]
    return True


def _keys_of_two_meanings(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        if not isinstance(step, SurveyStep):
            continue
        for place, key in enumerate(step.keys):
            where = ("steps", name, "keys", str(place))
            if key in step.keys[:place]:
                yield (
                    where,
                    Wording(
                        en=f"key {key!r} is written twice; delete one",
                        zh=f"按键 {key!r} 写了两次；请删除一个",
                    ),
                )
            elif key in (PERSON_KEY, REPEAT_KEY, BACK_KEY):
                meaning = _MEANINGS[key]
                yield (
                    where,
                    Wording(
                        en=f"key {key!r} {meaning} here too; take another one",
                        zh=f"按键 {key!r} 在这里仍用于{meaning.zh}；请换一个键",
                    ),
                )


_MEANINGS = {
    PERSON_KEY: Wording(en="reaches a person", zh="转人工"),
    REPEAT_KEY: Wording(en="says it again", zh="重听"),
    BACK_KEY: Wording(en="goes back", zh="返回上一层"),
}


def _missing_texts(flow: Flow) -> Iterator[Finding]:
    for name, step in flow.steps.items():
        own = (
            step.language if isinstance(step, SayStep | MenuStep | HangUpStep) else None
        )
        prompts = dict(prompts_of(step))
        if isinstance(step, SmsStep):
            prompts["sms"] = step.sms
        for field, prompt in prompts.items():
            if prompt is getattr(flow.defaults, field, None):
                continue
            yield from _missing_text(flow, ("steps", name, field), prompt, own)
    for field in _DEFAULT_PROMPTS:
        prompt = getattr(flow.defaults, field)
        if prompt is not None:
            yield from _missing_text(flow, ("defaults", field), prompt, None)


def _missing_text(
    flow: Flow, where: Trail, prompt: Prompt, own: Language | None
) -> Iterator[Finding]:
    there = prompt.texts() if where[-1] == "sms" else prompt.languages()
    here = own or flow.language
    if here not in there:
        yield (
            where,
            Wording(
                en=f"has no text in {here.value!r}, the language spoken here; "
                f"write `{here.value}: …`",
                zh=f"缺少 {here.value!r} 的文字，而这里用的就是这种语言；"
                f"请写 `{here.value}: …`",
            ),
        )
    for language in flow.languages if own is None else ():
        if language not in there and language is not here:
            yield (
                where,
                Wording(
                    en=f"has no text in {language.value!r}, one of the flow's "
                    f"languages; write `{language.value}: …`",
                    zh=f"缺少 {language.value!r} 的文字，而它是本流程的语言之一；"
                    f"请写 `{language.value}: …`",
                ),
            )
