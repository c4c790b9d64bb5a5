"""What a prompt's text is to the voices: runs of one script each, spelt for them."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from ivr.sounds import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One voice of espeak-ng."""

    name: str
    speed_wpm: int


VOICES = {
    # Debian's `cmn` reads characters as English words; this one reads pinyin.
    Language.ZH: Voice(name="cmn-latn-pinyin", speed_wpm=160),
    Language.EN: Voice(name="en-us", speed_wpm=160),
}


SLOWNESS = 0.75
"""Of the usual speed, for those who want more time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Words for one voice."""

    voice: Voice
    words: str


class Unspeakable(ValueError):
    """A text that no voice of ours can say."""

    def __init__(self, text: str, why: str) -> None:
        """Say which text and why."""
        super().__init__(f"{text!r} cannot be spoken: {why}")
        self.text = text
        self.why = why


_PAUSES = str.maketrans(
    {
        **dict.fromkeys("，、；：—…～;:", ","),
        **dict.fromkeys("。！!", "."),
        "？": "?",
        **dict.fromkeys('“”‘’《》〈〉（）()【】「」"·', " "),
    }
)
_DIGITS = dict(
    zip(
        "0123456789",
        ["ling2", "yi1", "er4", "san1", "si4", "wu3", "liu4", "qi1", "ba1", "jiu3"],
        strict=True,
    )
)
_HAN_DIGITS = str.maketrans("0123456789.", "零一二三四五六七八九点")
# Words that pypinyin reads otherwise than they are meant on the telephone.
_READINGS = {"重听": "chong2 ting1", "重播": "chong2 bo1", "校表": "jiao4 biao3"}

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_LATIN = "A-Za-z\u00c0-\u024f"
_CHINESE_PART = re.compile(
    rf"(?P<han>[{_HAN}]+)"
    # Digits after English words belong to them, as in "press 8".
    rf"|(?P<latin>[{_LATIN}]+(?:[ ,.'’&/+-]*[{_LATIN}0-9]+)*)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<pause>[,.?\s]+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_ENGLISH_PART = re.compile(
    rf"(?P<han>[{_HAN}]+)|(?P<latin>[{_LATIN}\x20-\x7e\s]+)|(?P<other>.)", re.DOTALL
)
_READ_OTHERWISE = re.compile(f"({'|'.join(_READINGS)})")
_LONG_NUMBER = re.compile(r"[0-9]{5,}")


def runs_of(text: str, language: Language, *, is_slow: bool = False) -> tuple[Run, ...]:
    """Return what the voices shall say, one after the other.

    Digits in a Chinese text are said one by one, as key and telephone numbers are;
    an amount is written in words. In an English text numbers of five and more digits
    are.

    Args:
        text: As a flow has it.
        language: Of the text; words of the other language in it get its own voice.
        is_slow: Whether it is said for those who want more time.

    Raises:
        Unspeakable: It has letters of another script, signs that have no sound, or
            nothing to say at all.
    """
    spoken = [
        (spoken_in, _SPELT[kind](piece))
        for spoken_in, kind, piece in _pieces(text, language)
    ]
    return tuple(_joined(spoken, SLOWNESS if is_slow else 1.0))


def parts_of(text: str, language: Language) -> tuple[tuple[Language, str], ...]:
    """Return a text by language in order, in letters, for voices that spell themselves.

    Digits are as in ``runs_of``.

    Raises:
        Unspeakable: As ``runs_of``.
    """
    pieces = _pieces(text, language)
    return tuple(
        (spoken_in, "".join(_LETTERS[kind](piece) for _, kind, piece in group).strip())
        for spoken_in, group in groupby(pieces, lambda it: it[0])
    )


def _pieces(text: str, language: Language) -> list[tuple[Language, str, str]]:
    """Return what stands in a text: its language, its kind, and the piece itself."""
    plain = text.translate(_PAUSES)
    parts = _CHINESE_PART if language is Language.ZH else _ENGLISH_PART
    pieces: list[tuple[Language, str, str]] = []
    strange: list[str] = []
    for part in parts.finditer(plain):
        match part.lastgroup:
            case "han" | "number" as kind:
                pieces.append((Language.ZH, kind, part.group()))
            case "latin":
                pieces.append((Language.EN, "latin", part.group()))
            case "pause":
                if pieces:
                    pieces.append((pieces[-1][0], "pause", part.group()))
            case _:
                strange.append(part.group())
    if strange:
        signs = ", ".join(repr(sign) for sign in dict.fromkeys(strange))
        raise Unspeakable(text, f"no voice for {signs}; write it in words")
    if not any(sign.isalnum() for _, _, piece in pieces for sign in piece):
        raise Unspeakable(text, "there are no words in it; write some")
    return pieces


def _joined(spoken: list[tuple[Language, str]], pace: float) -> Iterator[Run]:
    """Join what stands beside each other for one voice."""
    words: list[str] = []
    for place, (language, said) in enumerate(spoken):
        words.append(said)
        last = place + 1 == len(spoken)
        if last or spoken[place + 1][0] is not language:
            whole = re.sub(r"\s+", " ", " ".join(words)).strip()
            voice = VOICES[language]
            speed_wpm = round(voice.speed_wpm * pace)
            yield Run(voice=replace(voice, speed_wpm=speed_wpm), words=whole)
            words = []


def _pinyin(han: str) -> str:
    # Its dictionaries take half a second to load, and a start has all prompts already.
    from pypinyin import Style, lazy_pinyin

    syllables: list[str] = []
    for piece in _READ_OTHERWISE.split(han):
        if piece in _READINGS:
            syllables.append(_READINGS[piece])
        elif piece:
            syllables += lazy_pinyin(
                piece, style=Style.TONE3, neutral_tone_with_five=True
            )
    return " ".join(syllables)


def _english(words: str) -> str:
    return _LONG_NUMBER.sub(lambda number: " ".join(number.group()), words)


def _han_digits(number: str) -> str:
    return number.translate(_HAN_DIGITS)


def _one_by_one(number: str) -> str:
    return " ".join("dian3" if sign == "." else _DIGITS[sign] for sign in number)


_SPELT: Mapping[str, Callable[[str], str]] = {
    "han": _pinyin,
    "latin": _english,
    "number": _one_by_one,
    "pause": str,
}
"""By kind, for a voice that is told each sound."""
_LETTERS: Mapping[str, Callable[[str], str]] = {
    "han": str,
    "latin": _english,
    "number": _han_digits,
    "pause": str,
}
"""By kind, for a voice that spells for itself."""
