import json
import multiprocessing
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from recordings.errors import (
    CaseDamaged,
    CaseHeld,
    CaseShredded,
    CaseUnknown,
    MasterKeyMissing,
    MasterKeyOpen,
    MasterKeyWrong,
    SealError,
    UnsafeName,
)
from recordings.vault import Vault

CALL = "3f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
OTHER = "4f2a77e1-0c56-4a0e-9b8e-5d1c0f4f7a10"
AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = Vault(tmp_path / "recordings", tmp_path / "secrets", now=lambda: AT)
    vault.prepare()
    return vault


def key_file(vault: Vault, call_id: str = CALL) -> Path:
    return vault.recordings / "keys" / call_id[:2] / f"{call_id}.key"


def test_each_case_has_a_key_of_its_own_which_stays(vault: Vault) -> None:
    key = vault.key_for(CALL)

    assert vault.key_for(CALL) == vault.key_of(CALL) == key
    assert vault.key_for(OTHER) != key
    assert len(key) == 32


def test_no_key_stands_open_in_any_file_of_the_recordings(vault: Vault) -> None:
    key = vault.key_for(CALL)

    written = b"".join(p.read_bytes() for p in vault.recordings.rglob("*.key"))
    assert key not in written
    assert key.hex().encode() not in written


def test_nobody_else_may_read_a_key(vault: Vault) -> None:
    vault.key_for(CALL)

    master = vault.master_keys.path(1)
    for path in (key_file(vault), key_file(vault).parent, master, master.parent):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_rotation_wraps_every_key_anew_and_changes_none(vault: Vault) -> None:
    keys = {call_id: vault.key_for(call_id) for call_id in (CALL, OTHER)}
    before = key_file(vault).read_bytes()

    done = vault.rotate(forgetting=False)

    assert (done.version, done.wrapped_again, done.forgotten) == (2, 2, ())
    assert key_file(vault).read_bytes() != before
    assert {call_id: vault.key_of(call_id) for call_id in keys} == keys
    assert vault.master_keys.versions() == [1, 2]
    assert {case.key and case.key.version for case in vault.cases()} == {2}


def test_a_forgotten_master_key_opens_no_copy_that_was_made_before(
    vault: Vault,
) -> None:
    key = vault.key_for(CALL)
    copy = key_file(vault).read_bytes()

    done = vault.rotate(forgetting=True)

    assert done.forgotten == (1,)
    assert vault.key_of(CALL) == key
    key_file(vault).write_bytes(copy)
    with pytest.raises(MasterKeyMissing) as caught:
        vault.key_of(CALL)
    assert str(caught.value) == (
        f"{vault.master_keys.path(1)}: there is no such master key, and the key of "
        f"call {CALL} is wrapped by it; put it back from where its copy is kept"
    )


def test_a_rotation_that_was_cut_short_is_finished_by_the_next(vault: Vault) -> None:
    keys = {call_id: vault.key_for(call_id) for call_id in (CALL, OTHER)}
    vault.master_keys.make()
    vault._wrap_again(CALL, 2)

    vault.rotate(forgetting=True)

    assert vault.master_keys.versions() == [3]
    assert {call_id: vault.key_of(call_id) for call_id in keys} == keys


def test_a_rotation_forgets_nothing_while_a_key_does_not_open(vault: Vault) -> None:
    vault.key_for(CALL)
    vault.key_for(OTHER)
    _change(key_file(vault), version=7)

    with pytest.raises(MasterKeyMissing):
        vault.rotate(forgetting=True)

    assert vault.master_keys.versions() == [1, 2]
    assert vault.case(OTHER).key is not None
    assert {c.key.version for c in vault.cases() if c.key} == {2, 7}


def test_a_shredded_case_says_so_and_has_no_key(vault: Vault) -> None:
    vault.key_for(CALL)
    wrapped = json.loads(key_file(vault).read_bytes())["key"]["text"]
    day = vault.recordings / "2026" / "11" / "21"
    day.mkdir(parents=True)
    sound = day / f"{CALL}.{OTHER}.wav.sealed"
    sound.write_bytes(b"sealed")

    assert vault.shred(CALL, by="bob", reason="asked to be forgotten") is True

    assert wrapped not in key_file(vault).read_text(encoding="utf-8")
    assert not sound.exists()
    with pytest.raises(CaseShredded) as caught:
        vault.key_for(CALL)
    assert str(caught.value) == (
        f"recording of call {CALL}: was shredded at 2026-11-21T08:00:00+00:00 by "
        "'bob', 'asked to be forgotten'; it cannot be heard any more"
    )
    assert vault.shred(CALL, by="carol", reason="again") is False


def test_the_blocks_of_a_shredded_key_are_overwritten(
    vault: Vault, tmp_path: Path
) -> None:
    vault.key_for(CALL)
    # A second name for the same blocks: what a search of the disk would find.
    blocks = tmp_path / "blocks"
    blocks.hardlink_to(key_file(vault))

    vault.shred(CALL, by="bob", reason="test")

    assert set(blocks.read_bytes()) == {0}


def test_a_held_case_is_not_shredded_until_it_is_released(vault: Vault) -> None:
    key = vault.key_for(CALL)
    vault.hold(CALL, by="carol", reason="court 12/2026")

    with pytest.raises(CaseHeld) as caught:
        vault.shred(CALL, by="retention", reason="older than 180 days")

    assert str(caught.value) == (
        f"case of call {CALL}: is held by 'carol', 'court 12/2026'; ./tieline "
        f"recordings release {CALL} ends that"
    )
    assert vault.key_of(CALL) == key
    assert vault.older_than(AT + timedelta(days=999)) == []
    assert vault.release(CALL) is True
    assert vault.release(CALL) is False
    assert vault.shred(CALL, by="retention", reason="older than 180 days") is True


def test_a_hold_comes_too_late_for_what_is_shredded(vault: Vault) -> None:
    vault.key_for(CALL)
    vault.shred(CALL, by="bob", reason="test")

    with pytest.raises(CaseShredded):
        vault.hold(CALL, by="carol", reason="court")


def test_what_is_older_than_its_days_is_found(vault: Vault) -> None:
    vault.key_for(CALL, at=AT - timedelta(days=181))
    vault.key_for(OTHER, at=AT - timedelta(days=179))

    assert vault.older_than(AT - timedelta(days=180)) == [CALL]


def test_a_case_without_a_key_is_told(vault: Vault) -> None:
    with pytest.raises(CaseUnknown) as caught:
        vault.key_of(CALL)

    assert str(caught.value) == (
        f"key of call {CALL}: there is none at {key_file(vault)}; a backup of the "
        "recordings brings it back, if it holds one"
    )


def test_another_master_key_in_its_place_is_told(vault: Vault) -> None:
    vault.key_for(CALL)
    vault.master_keys.path(1).unlink()
    vault.master_keys.make()

    with pytest.raises(MasterKeyWrong) as caught:
        vault.key_of(CALL)

    assert f"{vault.master_keys.path(1)}: is not the master key that was there" in str(
        caught.value
    )


def test_a_master_key_that_others_may_read_is_refused(vault: Vault) -> None:
    path = vault.master_keys.path(1)
    path.chmod(0o640)

    with pytest.raises(MasterKeyOpen) as caught:
        vault.key_for(CALL)

    assert str(caught.value) == (
        f"{path}: is open to others, mode 0640; chmod 600 {path} would do, and "
        "./tieline recordings rotate-keys if others read it"
    )


def test_a_master_key_that_is_gone_is_not_silently_replaced(vault: Vault) -> None:
    vault.key_for(CALL)
    vault.master_keys.path(1).unlink()

    with pytest.raises(MasterKeyMissing):
        vault.prepare()

    assert vault.master_keys.versions() == []


def test_a_changed_key_file_is_told(vault: Vault) -> None:
    vault.key_for(CALL)
    told = json.loads(key_file(vault).read_bytes())["key"]["text"]
    _change(key_file(vault), text=("B" if told[0] == "A" else "A") + told[1:])

    with pytest.raises(CaseDamaged) as caught:
        vault.key_of(CALL)

    assert "is not what was written, its wrapped key does not open" in str(caught.value)


def test_the_key_of_one_case_does_not_serve_for_another(vault: Vault) -> None:
    vault.key_for(CALL)
    vault.key_for(OTHER)
    told = json.loads(key_file(vault, OTHER).read_bytes())
    key_file(vault).write_text(json.dumps(told | {"call_id": CALL}), encoding="utf-8")

    with pytest.raises(CaseDamaged):
        vault.key_of(CALL)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"call_id": 3}', "\0"])
def test_a_key_file_of_rubbish_is_told(vault: Vault, text: str) -> None:
    vault.key_for(CALL)
    key_file(vault).write_text(text, encoding="utf-8")

    with pytest.raises(CaseDamaged):
        vault.key_of(CALL)


@pytest.mark.parametrize("call_id", ["../../etc/passwd", "", f"{CALL}/..", f"{CALL}\0"])
def test_what_is_no_id_never_becomes_a_path(vault: Vault, call_id: str) -> None:
    with pytest.raises(UnsafeName):
        vault.key_for(call_id)


def _ask(folder: Path, call_ids: list[str]) -> list[str]:
    vault = Vault(folder / "recordings", folder / "secrets")
    return [vault.key_for(call_id).hex() for call_id in call_ids]


def _rotate(folder: Path) -> None:
    Vault(folder / "recordings", folder / "secrets").rotate(forgetting=True)


def test_processes_that_make_and_rotate_keys_at_once_agree(
    vault: Vault, tmp_path: Path
) -> None:
    calls = [str(uuid.uuid4()) for _ in range(15)]

    with multiprocessing.get_context("spawn").Pool(3) as pool:
        asked = [pool.apply_async(_ask, (tmp_path, calls)) for _ in range(2)]
        rotated = pool.apply_async(_rotate, (tmp_path,))
        one, two = (it.get(60) for it in asked)
        rotated.get(60)

    assert one == two == [vault.key_of(call_id).hex() for call_id in calls]


def _change(path: Path, **values: object) -> None:
    told = json.loads(path.read_bytes())
    told["key"] |= values
    path.write_text(json.dumps(told), encoding="utf-8")


def test_every_refusal_is_of_one_family() -> None:
    assert issubclass(CaseHeld, SealError)
