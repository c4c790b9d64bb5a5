"""Asterisk's configuration: rendered from the templates, and put in place."""

import hashlib
import os
import re
import shlex
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from acd.vocabulary.ids import DeviceId, page_device
from services.floor.admission import DEFAULT, Admission
from services.page_phone.keys import switch_password
from services.runtime.embedded import open_queue
from services.runtime.embedded.admitted import admitted
from services.runtime.embedded.open_queue import OpenEntry, OpenQueue
from services.runtime.errors import RuntimeProblem
from services.runtime.settings import CHECKOUT

TEMPLATES = (CHECKOUT / "asterisk-conf", CHECKOUT / "dialplans")
"""Folders with one ``*.conf`` for each file of Asterisk's, and ``*.part``s of them."""
CALLBACKS = "callbacks"
"""Folder of the spool where numbers that callers left wait for the engine."""
MESSAGES = "messages"
"""Folder of the spool for what callers said into a step that records."""
SPOOLS = ("monitor", CALLBACKS, MESSAGES, "studio")
"""Folders of the spool; the last is for prompts that are spoken into a telephone."""
_LEFT_EMPTY = ("acl", "ccss", "features", "pjproject", "udptl")
# Asterisk takes its defaults where these are missing too, but calls it an error.
HOLDS_SECRETS = frozenset({"manager.conf", "pjsip.conf"})

# The least that works, found by trying each action on Asterisk 22.10.1: Originate needs
# originate; Bridge, Hangup, Setvar, Redirect and Status call; CoreSettings, which tells
# the boot id and the version, reporting; QueueAdd, QueueRemove and QueuePause agent.
AMI_WRITE = "call,originate,agent,reporting"
LEAVE_NUMBER = CHECKOUT / "services" / "callback" / "leave_number.py"
"""The script by which a caller leaves a number; Asterisk itself runs it."""
OPEN_WAIT_S = 600
"""How long a caller waits in the open queue before a call-back is asked for."""
_FORM = "form.sha256"
"""Beside the files: what wrote them."""
_PLACE = re.compile(r"\{\{([a-z_]+)\}\}")
_NUMBER = re.compile(r"[0-9*#+]{1,20}")
_DEVICE = re.compile(r"dev-[A-Za-z0-9_-]{1,40}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{16,64}")
_MODULE = re.compile(r"[a-z0-9_]+\.so")
_QUEUE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2}")
_MOST_CLASS = 20
"""More would overflow QUEUE_PRIO."""


class ConfRefused(RuntimeProblem):
    """A value cannot stand in Asterisk's configuration."""

    exit_code = 2

    def __init__(self, where: str, *, found: str, would_do: str) -> None:
        """Keep which value it was and what was found; never the text of a secret."""
        self.where = where
        self.found = found
        super().__init__(
            f"{where}: cannot stand in asterisk's configuration, found {found}; "
            f"{would_do}"
        )


class TemplateBroken(RuntimeProblem):
    """A template asks for a value that nobody gives: our mistake."""

    def __init__(self, template: str, name: str) -> None:
        """Keep the template and the name that it asks for."""
        self.template = template
        self.name = name
        super().__init__(
            f"{template}: no value is called {name!r}; see conf.py for those there are"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Conf:
    """All that differs between two Asterisks of ours."""

    boot_id: str
    """Made anew at each start: letters and digits, at most 32."""
    etc: Path
    run: Path
    spool: Path
    log: Path
    lib: Path
    """Asterisk's own data; the English sounds are linked into it."""
    modules: Path
    sounds: Path
    """The folder with the English core sounds."""
    music: Path
    """What waiting callers hear: a folder of sound files."""
    documentation: Path | None = None
    """The folder of core-en_US.xml, which some modules want at load."""
    sip_host: str = "127.0.0.1"
    sip_port: int
    ami_host: str = "127.0.0.1"
    ami_port: int
    ami_user: str = "tieline"
    ami_secret: str
    agi_host: str = "127.0.0.1"
    agi_port: int
    page_phones_port: int = 0
    """Where telephones in pages come, by the engine; 0 where there are none."""
    page_secret: str | None = None
    """What their passwords are made of; None means that there are none."""
    rtp_first: int
    rtp_last: int
    rtp_timeout_s: int = 30
    """A talking leg without any sound for so long is hung up; 0 never."""
    rtp_timeout_hold_s: int = 900
    is_rtp_strict: bool = True
    """Off only where recorded packets are played from other ports."""
    numbers: tuple[str, ...]
    """What a caller can dial."""
    reserved: Mapping[str, int] = field(default_factory=dict)
    """Lines kept for a number alone, by the number."""
    admission: Admission = DEFAULT
    """What is taken of the calls that come."""
    open_entries: Mapping[str, OpenEntry] = field(default_factory=dict)
    """What a number's callers get without the engine, by number."""
    open_queues: tuple[OpenQueue, ...] = ()
    open_wait_s: int = OPEN_WAIT_S
    prompts: Path = Path("/nonexistent")
    """Where the prompts of the open queue lie."""
    is_recording: bool = True
    devices: Mapping[str, str]
    """Password by the name of the device (``dev-1001``)."""
    watchdog_secret: str | None = None
    """Of the account by which the watchdog asks; None means that there is none."""
    prober_password: str | None = None
    """Of the watchdog's own caller; None means that there is none."""
    trunk_from: tuple[str, ...] = ("127.0.0.1",)
    """Addresses or networks whose calls are the trunk's."""
    qualify_s: int = 0
    """How often a registered device is asked whether it is there; 0 never."""
    max_files: int = 16384
    extra_modules: tuple[str, ...] = ()
    """For benches and tests, as in ``app_queue.so``."""
    extra_dialplan: str = ""
    """Further contexts, for benches and tests."""
    extra_queues: str = ""
    """Further queues of Asterisk's, for benches."""

    @property
    def leave_number(self) -> Path:
        """The program that Asterisk starts for who leaves a number."""
        return self.lib / "agi-bin" / "leave-number"


def render(conf: Conf) -> dict[str, str]:
    """Return the text of each configuration file by its name.

    Raises:
        ConfRefused: A value would break out of its place in a file.
        TemplateBroken: A template names a value that is not there.
    """
    _check(conf)
    values = _values(conf)
    files = {
        path.name: _fill(path.name, path.read_text(encoding="utf-8"), values)
        for folder in TEMPLATES
        for path in sorted(folder.glob("*.conf"))
    }
    files["extensions.conf"] += conf.extra_dialplan
    files["queues.conf"] += conf.extra_queues
    files |= {f"{name}.conf": "; the defaults\n" for name in _LEFT_EMPTY}
    return files


def put(conf: Conf, *, owner: tuple[int, int] | None = None) -> None:
    """Write all files, and the folders that they name.

    Each file is replaced whole, with mode 0600 where it holds a secret, so that no
    reader sees half of one.

    Args:
        conf: What to write.
        owner: User and group that Asterisk runs as, where root starts it.
    """
    files = render(conf)
    links = {conf.lib / "sounds" / "en": conf.sounds}
    if conf.documentation:
        links[conf.lib / "documentation"] = conf.documentation
    own = (conf.etc, conf.run, conf.log, conf.spool, conf.lib)
    spools = (conf.spool / name for name in SPOOLS)
    inner = (*spools, conf.lib / "sounds")
    for folder in (*own, *inner, conf.leave_number.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        _own(folder, owner)
    for name, text in files.items():
        replace_file(conf.etc / name, text, owner=owner)
    replace_file(conf.leave_number, _launcher(conf), owner=owner, mode=0o750)
    for link, target in links.items():
        link.unlink(missing_ok=True)
        link.symlink_to(target)
    replace_file(conf.etc / _FORM, form(), owner=owner)


def form() -> str:
    """Return what stands for the templates and for how they are filled, as they are."""
    here = Path(__file__)
    paths = [it for folder in TEMPLATES for it in sorted(folder.glob("*.[cp]*"))]
    counted = hashlib.sha256()
    for path in (*paths, here, *map(here.with_name, ("admitted.py", "open_queue.py"))):
        counted.update(path.read_bytes())
    return counted.hexdigest()


def made_by(etc: Path) -> str:
    """Return the form that configuration was written in; "" when it is not known."""
    try:
        return (etc / _FORM).read_text(encoding="utf-8")
    except OSError:
        return ""


def _launcher(conf: Conf) -> str:
    words = (sys.executable, "-I", str(LEAVE_NUMBER), str(conf.spool / CALLBACKS))
    prompts = str(conf.prompts)
    return f'#!/bin/sh\nexec {shlex.join((*words, prompts))} "$@"\n'


def replace_file(
    target: Path, text: str, *, owner: tuple[int, int] | None, mode: int = 0o640
) -> None:
    """Replace a file whole, with mode 0600 where it holds a secret."""
    if target.name in HOLDS_SECRETS:
        mode = 0o600
    draft = target.with_name(f".{target.name}.new")
    draft.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(draft, flags, mode), "w", encoding="utf-8") as out:
        out.write(text)
    _own(draft, owner)
    draft.replace(target)


def _own(path: Path, owner: tuple[int, int] | None) -> None:
    if owner is not None:
        os.chown(path, *owner, follow_symlinks=False)


def _fill(template: str, text: str, values: Mapping[str, str]) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in values:
            raise TemplateBroken(template, found[1])
        return values[found[1]]

    return _PLACE.sub(value, text)


def _values(conf: Conf) -> dict[str, str]:
    plain = {each.name: str(getattr(conf, each.name)) for each in fields(conf)}
    permit = f"{conf.ami_host}/255.255.255.255"
    entries = open_queue.entries(conf.numbers, conf.open_entries, conf.reserved)
    return (
        plain
        | admitted(conf.admission, reserved=sum(conf.reserved.values()))
        | {
            "strict_rtp": "yes" if conf.is_rtp_strict else "no",
            "ami_permit": permit,
            "http_is_on": "yes" if conf.page_secret else "no",
            "ami_write": AMI_WRITE,
            "numbers": "\n".join(entries),
            "queues": "\n".join(open_queue.queues(conf.open_queues)),
            "leave_number": str(conf.leave_number),
            # One run of Asterisk is shorter than the three years in which this wraps.
            "day_zero": str(int(time.time()) - 86_400),
            "trunk_matches": "\n".join(f"match = {at}" for at in conf.trunk_from),
            "devices": _devices(conf),
            "watchdog": _part("watchdog", secret=conf.watchdog_secret, permit=permit),
            "prober": _part("prober", password=conf.prober_password),
            "extra_modules": "\n".join(f"load = {name}" for name in conf.extra_modules),
        }
    )


def _devices(conf: Conf) -> str:
    parts: list[str] = []
    for device, password in sorted(conf.devices.items()):
        page = page_device(DeviceId(device))
        secret = conf.page_secret
        its_own = switch_password(secret, page) if secret else None
        parts += (
            _part("device", device=device, password=password),
            _part("page", page=page, password=its_own),
        )
    return "\n".join(parts)


def _part(name: str, **values: str | None) -> str:
    """Return a part that may be left out: where one of its values is None."""
    given = {key: value for key, value in values.items() if value is not None}
    if len(given) < len(values):
        return ""
    text = (TEMPLATES[0] / f"{name}.part").read_text(encoding="utf-8")
    return _fill(f"{name}.part", text, given)


def _check(conf: Conf) -> None:
    for number in conf.numbers:
        _must(_NUMBER, number, "number", "digits, *, # and + would do, at most 20")
    for device, password in conf.devices.items():
        _must(_DEVICE, device, "device", "dev- and letters or digits would do")
        if not _SECRET.fullmatch(password):
            raise ConfRefused(
                f"password of {device}",
                found=f"{len(password)} characters",
                would_do="16 to 64 letters, digits, - or _ would do",
            )
    secrets = {
        "secret of the AMI account": conf.ami_secret,
        "secret of the watchdog's account": conf.watchdog_secret,
        "password of the prober": conf.prober_password,
        "secret of telephones in pages": conf.page_secret,
    }
    for where, secret in secrets.items():
        if secret is not None and not _SECRET.fullmatch(secret):
            raise ConfRefused(
                where,
                found=f"{len(secret)} characters",
                would_do="16 to 64 letters, digits, - or _ would do",
            )
    _check_open(conf)
    for module in conf.extra_modules:
        _must(_MODULE, module, "module", "a name such as app_queue.so would do")
    _must(
        re.compile(r"[A-Za-z0-9]{1,32}"),
        conf.boot_id,
        "boot id",
        "1 to 32 letters would do",
    )
    _check_lines(conf)


def _check_open(conf: Conf) -> None:
    for queue in conf.open_queues:
        _must(_QUEUE, queue.name, "queue", "small letters, digits and _ would do")
    for entry in conf.open_entries.values():
        where = "open queue of a number"
        _must(_QUEUE, entry.queue or "none", where, "a queue's id would do")
        _must(_LANGUAGE, entry.language, "language", "two letters would do")
        if not 0 <= entry.call_class <= _MOST_CLASS:
            raise ConfRefused(
                "class of a number",
                found=str(entry.call_class),
                would_do=f"0 to {_MOST_CLASS} would do",
            )


def _check_lines(conf: Conf) -> None:
    """Refuse what would end its line, or begin a comment in it."""
    for each in fields(conf):
        value = getattr(conf, each.name)
        texts = value if isinstance(value, tuple) else (value,)
        if each.name in ("extra_dialplan", "extra_queues"):
            continue
        for text in texts:
            if isinstance(text, str | Path) and re.search(
                r"[\x00-\x1f\x7f;]", str(text)
            ):
                raise ConfRefused(
                    each.name,
                    found=repr(str(text)),
                    would_do="a text without ; and control characters would do",
                )


def _must(pattern: re.Pattern[str], text: str, where: str, would_do: str) -> None:
    if not pattern.fullmatch(text):
        raise ConfRefused(where, found=repr(text), would_do=would_do)
