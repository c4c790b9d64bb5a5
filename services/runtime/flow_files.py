"""A folder of flows as commands send it to an instance."""

from pathlib import Path
from typing import Any

from ivr.problems import FlowRefused
from services.flows.files import read_files
from services.runtime.errors import RuntimeProblem
from services.runtime.settings import read_settings
from services.runtime.versions_told import near


class FlowsUnfit(RuntimeProblem):
    """The flows cannot be published."""

    exit_code = 2


def files_in(folder: Path | None, data: Path | None) -> dict[str, Any]:
    """Return the files of a folder, and what messages call it.

    Args:
        folder: None means the one of the settings.
        data: The data folder; None means the settings' own.

    Raises:
        FlowsUnfit: They cannot be read.
    """
    try:
        read = read_files(near(folder or read_settings(data=data).flows))
    except FlowRefused as refused:
        raise FlowsUnfit(str(refused)) from None
    return {"files": read.files, "folder": str(read.folder)}
