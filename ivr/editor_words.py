"""What an editor says of each field of a flow, in both languages."""

from collections.abc import Mapping

from ivr.wording import Wording


def _of(en: str, zh: str) -> Wording:
    return Wording(en=en, zh=zh)


WORDS: Mapping[str, Wording] = {
    # ---- of a flow
    "name": _of("the file's name, without .yaml", "文件名，不带 .yaml"),
    "language": _of("spoken from here on: zh or en", "从这里起使用的语言：zh 或 en"),
    "languages": _of("every text must be there in each", "每段文字都必须有这些语言"),
    "entry": _of("the first step", "第一个步骤"),
    "person": _of(
        "the queue step where key 0 and failures lead", "按键 0 和失败时转到的排队步骤"
    ),
    "defaults": _of("what holds where a step says nothing", "步骤没有写明时的默认值"),
    "steps": _of("the steps, by name", "各个步骤，按名称"),
    "on_failure": _of("where failures lead; else to a person", "失败时转到哪里"),
    "danger": _of("the step where words of danger lead", "说到危险时转到的步骤"),
    "on_unheard": _of("said where nothing was understood", "没有听懂时播报"),
    "to_keys": _of("said where keys are asked for instead", "改为请按键时播报"),
    "is_it": _of("asks whether it was understood right", "确认是否听对时播报"),
    "read_back": _of("reads spoken digits back", "复述听到的号码"),
    "please_wait": _of("said while a system takes its time", "系统查询较慢时播报"),
    # ---- kinds of steps
    "say": _of("says something, then goes on", "播报，然后继续"),
    "menu": _of("asks for one key and goes where it leads", "请按一个键，转到对应步骤"),
    "collect": _of("asks for several digits", "请输入多位数字"),
    "confirm": _of("asks for yes (key 1) or no (key 2)", "请确认：1 是，2 否"),
    "survey": _of("asks for one key as an answer", "请按一个键作答"),
    "branch": _of("goes the way of the first condition that holds", "按条件分支"),
    "set": _of("remembers values by name", "按名称记下值"),
    "speak": _of("changes the language or the pace", "切换语言或语速"),
    "look_up": _of("asks another system for what it knows", "向其他系统查询"),
    "record": _of("takes down what the caller says", "录下来电者的话"),
    "order": _of("has another system make an order", "请其他系统建立工单"),
    "sms": _of("sends a text message", "发送短信"),
    "queue": _of("gives the call to a queue", "转入排队，等候人工"),
    "transfer": _of("goes on as another number of ours", "转到本系统的另一个号码"),
    "flow": _of("walks another flow, then goes on here", "走另一个流程，然后回到这里"),
    "return": _of("gives back to the flow before", "返回上一个流程"),
    "hang_up": _of("says a last thing and hangs up", "最后播报一句，然后挂机"),
    # ---- where a step leads
    "goto": _of("the step after this one", "下一个步骤"),
    "yes": _of("the step for key 1", "按 1 转到的步骤"),
    "no": _of("the step for key 2", "按 2 转到的步骤"),
    "otherwise": _of("the step where no condition holds", "条件都不成立时的步骤"),
    "not_found": _of("the step where nothing is found", "查不到时的步骤"),
    "failed": _of("the step where it fails", "失败时的步骤"),
    "give_up": _of("the step after too many failures", "多次未成功后的步骤"),
    "on_silence": _of("the step where no key comes at first", "第一次没有按键时的步骤"),
    # ---- what a step says besides
    "keys": _of("the step for each key; 0 is a person", "每个按键转到的步骤；0 是人工"),
    "timeout_s": _of("seconds to wait for a key", "等待按键的秒数"),
    "tries": _of("how often it is asked", "最多询问几次"),
    "on_timeout": _of("said where no key came", "没有按键时播报"),
    "on_wrong": _of("said where the key means nothing", "按键无效时播报"),
    "as": _of("the name it is known by from here on", "之后用这个名称引用"),
    "with": _of("what is told along, by name", "一并告知的值，按名称"),
    "digits": _of("how many digits: least and most", "位数：least 最少，most 最多"),
    "least": _of("the fewest", "最少"),
    "most": _of("the most", "最多"),
    "end_key": _of("the key that ends it", "结束键"),
    "secret": _of("no fact, log or message tells it", "不出现在任何记录、日志中"),
    "barge_in": _of("whether a key may cut it short", "按键是否可以打断"),
    "limit_s": _of("seconds at most", "最长秒数"),
    "if": _of(
        "a condition, as: storm and queue.q_fault.waiting > 5",
        "条件，如 storm and queue.q_fault.waiting > 5",
    ),
    "by_language": _of("other queues for a language", "某种语言使用的其他队列"),
    "skills": _of("skills that the call needs besides", "还需要的技能"),
    "class": _of("0 to 20; more goes first", "0 到 20，大的优先"),
    "hears": _of("said before the wait", "排队前播报"),
    "meanwhile": _of("said again and again in the wait", "等候中反复播报"),
    "each_s": _of("seconds from one to the next", "每隔多少秒"),
    "words": _of(
        "what callers may say for each key or step, by language",
        "每个按键或步骤可以说的话，按语言",
    ),
    "speech": _of("whether callers may also speak", "来电者是否也可以说话"),
    "to": _of("the number; else the caller's", "号码；默认为来电号码"),
    "slow": _of("whether slowly", "是否放慢"),
    "counts_as": _of("an item of self-service begins here", "自助业务从这里开始计数"),
    "done": _of("the item is done here", "自助业务到这里办结"),
    # ---- of a prompt
    "zh": _of(
        "the text in Chinese; {name:form} says a value", "中文；{名称:形式} 播报值"
    ),
    "en": _of(
        "the text in English; {name:form} says a value", "英文；{名称:形式} 播报值"
    ),
    "file": _of("a recording below dialplans/prompts", "dialplans/prompts 中的录音"),
}
"""By the name of the field; a kind of step is told by the same words."""
