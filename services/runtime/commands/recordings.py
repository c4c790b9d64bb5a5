"""``tieline recordings``: hear, hold and shred recordings; rotate their keys."""

import asyncio
import getpass
import hashlib
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from recordings.errors import RecordingError
from recordings.reading import found_in, open_recording
from recordings.vault import Vault
from services.api.listeners import Listener, Listeners
from services.runtime import instance
from services.runtime.errors import NoInstance, RuntimeProblem
from services.runtime.retention import shred as shred_case
from services.runtime.secrets_kept import FOLDER as SECRETS
from services.runtime.vaults import anchor_of, vault_of
from services.store.audit import Act, Audit
from services.store.errors import StoreError
from services.store.recordings_on_record import OnRecord, of_call

app = typer.Typer(no_args_is_help=True)

_Call = Annotated[str, typer.Argument(help="the call's id, whole")]
_Data = Annotated[Path | None, typer.Option(help="data folder of the instance")]
_Reason = Annotated[str, typer.Option(help="why; it stands in the audit")]
_Done = TypeVar("_Done")


class Unheard(RuntimeProblem):
    """A recording cannot be read, or what was asked cannot be done to it."""


class _Door:
    """The vault and the audit of a running instance, as the one who types."""

    def __init__(self, data: Path | None) -> None:
        found = instance.find(data)
        self.database = found.database
        self.vault: Vault = vault_of(found.data)
        self.listeners = Listeners(found.data / SECRETS)
        self._audit = Audit(found.database, anchor_of(found.data))
        self.who = getpass.getuser()

    def note(self, act: Act, what: str, **detail: str) -> None:
        _run(self._audit.note(act, actor=self.who, what=what, **detail))  # type: ignore[arg-type]

    def shred(self, call_id: str, reason: str) -> bool:
        by = self.who
        return _run(shred_case(self.vault, self._audit, call_id, by=by, reason=reason))

    def of(self, call_id: str) -> list[OnRecord]:
        found = [row for row in _run(of_call(self.database, call_id)) if row.path]
        if not found:
            raise Unheard(
                f"call {call_id!r}: has no recording; ./tieline calls lists calls"
            )
        return found


def _run(work: Coroutine[Any, Any, _Done]) -> _Done:
    return asyncio.run(work)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (RecordingError, StoreError) as problem:
        raise Unheard(str(problem)) from None


@app.command()
def read(
    call_id: _Call,
    *,
    out: Annotated[Path, typer.Option(help="where to; - is stdout")] = Path("-"),
    offer: Annotated[str | None, typer.Option(help="which, if there are more")] = None,
    data: _Data = None,
) -> None:
    """Write the sound of a conversation, opened and compared with its record."""
    with _told():
        door = _Door(data)
        rows = [row for row in door.of(call_id) if offer in (None, row.offer_id)]
        if len(rows) != 1:
            ids = ", ".join(row.offer_id for row in rows) or "none"
            raise Unheard(f"call {call_id!r}: name one by --offer, there is: {ids}")
        sound = _plain(door.vault, rows[0])
        door.note(Act.LISTENED, f"{call_id} {rows[0].offer_id}", to=out.name)
    if str(out) == "-":
        sys.stdout.buffer.write(sound)
    else:
        out.touch(mode=0o600)
        out.write_bytes(sound)


def _plain(vault: Vault, row: OnRecord) -> bytes:
    ids = {"call_id": row.call_id, "offer_id": row.offer_id}
    opened = open_recording(vault, row.path or "", **ids)
    try:
        sound = b"".join(opened.read())
    finally:
        opened.close()
    if hashlib.sha256(sound).hexdigest() != row.sha256:
        raise Unheard(
            f"recording of call {row.call_id}: is not the one whose sum is on record;"
            " are recordings and database of the same backup?"
        )
    return sound


@app.command()
def check(*, data: _Data = None) -> None:
    """Open every recording in the folder, whole; needs no running instance."""
    try:
        folder = instance.find(data).data
    except NoInstance as none:
        folder = none.data
    vault, good, problems = vault_of(folder), 0, 0
    for found in found_in(vault.recordings):
        path = str(found.path.relative_to(vault.recordings))
        ids = {"call_id": found.call_id, "offer_id": found.offer_id}
        try:
            opened = open_recording(vault, path, **ids)
            try:
                for _ in opened.read():
                    pass
                good += 1
            finally:
                opened.close()
        except (RecordingError, OSError) as problem:
            problems += 1
            typer.echo(str(problem), err=True)
    typer.echo(f"{good} recordings can be heard, {problems} cannot")
    raise typer.Exit(1 if problems else 0)


@app.command("rotate-keys")
def rotate_keys(
    *,
    forget_old: Annotated[
        bool,
        typer.Option("--forget-old", help="destroy the master keys before this one"),
    ] = False,
    data: _Data = None,
) -> None:
    """Make a new master key and wrap the key of every case by it; no sound is touched.

    With --forget-old, keys of cases in backups made before can be opened only with a
    copy of the master key of that time: what was shredded since is gone there as well.
    """
    with _told():
        door = _Door(data)
        door.note(Act.KEYS_ROTATED, "master key", forget_old=str(forget_old))
        done = door.vault.rotate(forgetting=forget_old)
    forgotten = ", ".join(map(str, done.forgotten)) or "none"
    typer.echo(
        f"master key {done.version} is in use; {done.wrapped_again} cases wrapped "
        f"again, forgotten: {forgotten}"
    )


@app.command()
def shred(call_id: _Call, *, reason: _Reason, data: _Data = None) -> None:
    """Destroy the key of a call's recordings: they can never be heard again."""
    with _told():
        is_new = _Door(data).shred(call_id, reason)
    typer.echo(f"call {call_id}: {'shredded' if is_new else 'had been shredded'}")


@app.command()
def hold(call_id: _Call, *, reason: _Reason, data: _Data = None) -> None:
    """Keep a call's recordings from being shredded, however old they become."""
    with _told():
        door = _Door(data)
        door.vault.case(call_id)
        door.note(Act.HELD, call_id, reason=reason)
        door.vault.hold(call_id, by=door.who, reason=reason)
    typer.echo(f"call {call_id}: held")


@app.command()
def release(call_id: _Call, *, data: _Data = None) -> None:
    """End a hold."""
    with _told():
        door = _Door(data)
        door.vault.case(call_id)
        door.note(Act.RELEASED, call_id)
        was_held = door.vault.release(call_id)
    typer.echo(f"call {call_id}: {'released' if was_held else 'was not held'}")


@app.command()
def allow(
    name: Annotated[str, typer.Argument(help="who; stands in the audit")],
    *,
    queue: Annotated[
        list[str] | None, typer.Option(help="of which queue; all if none is named")
    ] = None,
    data: _Data = None,
) -> None:
    """Let somebody hear recordings over HTTP, and print their token, once."""
    queues = tuple(queue) if queue else None
    token = _Door(data).listeners.allow(Listener(name=name, queues=queues))
    typer.echo(token)


@app.command()
def disallow(
    name: Annotated[str, typer.Argument(help="who")], *, data: _Data = None
) -> None:
    """Take that right away, at once."""
    was_known = _Door(data).listeners.disallow(name)
    typer.echo(f"{name}: {'may hear no more' if was_known else 'is not known'}")
