"""Asterisk's configuration: what it lets in, and what it never holds."""

import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from services.page_phone.keys import switch_password
from services.runtime.embedded import conf as module
from services.runtime.embedded.conf import (
    HOLDS_SECRETS,
    Conf,
    ConfRefused,
    TemplateBroken,
    put,
    render,
)

SECRET = "the-secret-of-the-account"
PASSWORD = "the-password-of-a-device"


def a_conf(folder: Path = Path("/srv/tieline")) -> Conf:
    return Conf(
        boot_id="b1",
        etc=folder / "etc",
        run=folder / "run",
        spool=folder / "spool",
        log=folder / "log",
        lib=folder / "lib",
        modules=Path("/usr/lib/asterisk/modules"),
        sounds=Path("/usr/share/asterisk/sounds/en"),
        music=Path("/usr/share/asterisk/moh"),
        sip_port=16000,
        ami_port=16002,
        ami_secret=SECRET,
        agi_port=16003,
        rtp_first=16100,
        rtp_last=18099,
        numbers=("6000", "6001"),
        devices={"dev-1001": PASSWORD},
    )


def spoken(text: str) -> list[str]:
    """Return the lines that Asterisk acts on."""
    return [line for line in text.splitlines() if line and not line.startswith(";")]


def test_every_place_is_filled() -> None:
    files = render(a_conf())

    assert not [name for name, text in files.items() if "{{" in text]


def test_secrets_stand_in_their_own_files_only(tmp_path: Path) -> None:
    put(a_conf(tmp_path))

    holding = {
        path.name
        for path in (tmp_path / "etc").iterdir()
        if SECRET in path.read_text() or PASSWORD in path.read_text()
    }
    modes = {
        name: stat.S_IMODE((tmp_path / "etc" / name).stat().st_mode) for name in holding
    }
    assert holding == HOLDS_SECRETS
    assert set(modes.values()) == {0o600}


def test_putting_twice_leaves_the_newer_and_no_drafts(tmp_path: Path) -> None:
    put(a_conf(tmp_path))
    put(replace(a_conf(tmp_path), boot_id="b2"))

    assert "systemname = b2" in (tmp_path / "etc" / "asterisk.conf").read_text()
    assert not list((tmp_path / "etc").glob(".*"))


def test_a_caller_can_dial_the_exact_numbers_and_nothing_else() -> None:
    text = render(a_conf())["extensions.conf"]
    section = text.split("[from-trunk]")[1].split("\n[")[0]

    dialled = re.findall(r"^exten => ([^,]+),", section, re.MULTILINE)

    assert dialled == ["6000", "6001"]


def test_the_dialplan_has_no_open_pattern_and_leads_nowhere_outside() -> None:
    lines = spoken(render(a_conf())["extensions.conf"])

    called = {
        name
        for line in lines
        for name in re.findall(r"(?:,1|n(?:\(\w+\))?),(\w+)\(", line)
    }
    assert not [line for line in lines if re.match(r"exten => _", line)]
    assert not any(line.startswith(("include", "switch")) for line in lines)
    assert called.isdisjoint(
        {"Dial", "Originate", "System", "TrySystem", "Exec", "TryExec", "Transfer"}
    )


def test_an_agents_device_can_dial_the_studio_and_nothing_else() -> None:
    lines = spoken(render(a_conf())["extensions.conf"].split("[cc-device]")[1])

    dialled = [line for line in lines if line.startswith("exten")]
    assert [line.split(",")[0] for line in dialled] == ["exten => *77"]
    assert not any("Goto(" in line for line in lines)


def test_the_account_may_not_run_programs_or_write_files() -> None:
    text = render(a_conf())["manager.conf"]

    (classes,) = re.findall(r"^write = (.*)$", text, re.MULTILINE)
    assert set(classes.split(",")) == {"call", "originate", "agent", "reporting"}


def test_only_named_modules_are_loaded_and_none_that_reaches_outside() -> None:
    lines = spoken(render(a_conf())["modules.conf"])

    assert "autoload = no" in lines
    loaded = {line.removeprefix("load = ") for line in lines if "load = " in line}
    outside = re.compile(
        r"func_(shell|curl|odbc)|app_(system|exec|externalivr|minivm|sms|dial)"
        r"|res_(ari|http(?!_websocket)|xmpp|config_ldap|odbc|curl|phoneprov)|pbx_spool|chan_(?!pjsip)"
    )
    assert not [name for name in loaded if outside.match(name)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("numbers", ("_X.",)),
        ("numbers", ("6000,1,System(id)",)),
        ("numbers", ("6000\nexten",)),
        ("devices", {"dev-1]\n[evil": PASSWORD}),
        ("devices", {"trunk": PASSWORD}),
        ("devices", {"dev-1001": "short"}),
        ("devices", {"dev-1001": "with a blank and;more"}),
        ("ami_secret", "ends\nhere-and-now-ok"),
        ("boot_id", "a b"),
        ("boot_id", ""),
        ("spool", Path("/tmp/a\nb")),  # noqa: S108 - never made
        ("sip_host", "127.0.0.1;"),
        ("trunk_from", ("127.0.0.1\nmatch = 0.0.0.0/0",)),
        ("extra_modules", ("app_dial.so\nload = app_system.so",)),
    ],
)
def test_what_would_break_out_of_its_place_is_refused(
    field: str, value: object
) -> None:
    with pytest.raises(ConfRefused):
        render(replace(a_conf(), **{field: value}))  # type: ignore[arg-type] # by name


def test_a_refused_secret_is_not_shown() -> None:
    with pytest.raises(ConfRefused) as caught:
        render(replace(a_conf(), devices={"dev-1001": "oops it is;here"}))

    assert str(caught.value) == (
        "password of dev-1001: cannot stand in asterisk's configuration, "
        "found 15 characters; 16 to 64 letters, digits, - or _ would do"
    )


def test_a_refused_number_is_shown() -> None:
    with pytest.raises(ConfRefused) as caught:
        render(replace(a_conf(), numbers=("60 00",)))

    assert str(caught.value) == (
        "number: cannot stand in asterisk's configuration, found '60 00'; "
        "digits, *, # and + would do, at most 20"
    )


def test_a_template_that_asks_for_what_nobody_gives_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rtp.conf").write_text("rtpstart = {{rtp_frist}}")
    monkeypatch.setattr(module, "TEMPLATES", (module.TEMPLATES[0], tmp_path))

    with pytest.raises(TemplateBroken) as caught:
        render(a_conf())

    assert str(caught.value) == (
        "rtp.conf: no value is called 'rtp_frist'; see conf.py for those there are"
    )


@pytest.mark.parametrize(("is_strict", "word"), [(True, "yes"), (False, "no")])
def test_sound_is_taken_from_whom_it_was_agreed_with_unless_told(
    is_strict: bool, word: str
) -> None:
    text = render(replace(a_conf(), is_rtp_strict=is_strict))["rtp.conf"]

    assert f"strictrtp = {word}" in spoken(text)


def test_the_watchdogs_account_may_ask_and_no_more() -> None:
    conf = replace(a_conf(), watchdog_secret="w" * 32, prober_password="p" * 32)
    lines = spoken(render(conf)["manager.conf"])
    account = lines[lines.index("[watchdog]") :]

    assert f"secret = {'w' * 32}" in account
    assert "read =" in account
    assert "write = reporting" in account


def test_the_prober_reaches_its_own_context_only() -> None:
    conf = replace(a_conf(), watchdog_secret="w" * 32, prober_password="p" * 32)
    lines = spoken(render(conf)["pjsip.conf"])
    prober = lines[lines.index("[prober]") :]

    assert "context = cc-probe" in prober
    assert "allow_transfer = no" in prober
    assert f"password = {'p' * 32}" in prober


def test_without_a_watchdog_there_is_no_door_for_one() -> None:
    files = render(a_conf())

    assert "[watchdog]" not in files["manager.conf"]
    assert "[prober]" not in files["pjsip.conf"]


def test_a_secret_of_the_watchdogs_that_would_break_out_is_refused() -> None:
    with pytest.raises(ConfRefused, match="secret of the watchdog's account"):
        render(replace(a_conf(), watchdog_secret="x\nwrite = all"))


def test_without_telephones_in_pages_asterisk_listens_for_none() -> None:
    files = render(a_conf())

    assert "enabled = no" in spoken(files["http.conf"])
    assert "[web-1001]" not in files["pjsip.conf"]


def test_a_telephone_in_a_page_is_encrypted_and_has_a_password_of_its_own() -> None:
    own = replace(a_conf(), page_secret="s" * 32, page_phones_port=16008)
    files = render(own)

    lines = spoken(files["pjsip.conf"])
    assert "[web-1001](page)" in lines
    assert "webrtc = yes" in lines
    assert f"password = {switch_password('s' * 32, 'web-1001')}" in lines
    assert "bindaddr = 127.0.0.1" in spoken(files["http.conf"])
