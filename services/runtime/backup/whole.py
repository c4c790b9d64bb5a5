"""A folder that is there when all of it is in it, and else not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recordings.disk import sync_folder


def draft_of(place: Path) -> Path:
    """Return where a folder is while it is made: beside its place."""
    return place.with_name(f"{place.name}.new")


@contextmanager
def made_whole(place: Path) -> Iterator[Path]:
    """Give a draft that is put in its place at the block's end, or removed.

    Raises:
        OSError: It cannot be made, or its place is taken.
    """
    draft = draft_of(place)
    draft.mkdir(mode=0o700, parents=True)
    try:
        yield draft
        sync_folder(draft)
        draft.rename(place)
        sync_folder(place.parent)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
