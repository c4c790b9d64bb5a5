"""What a long bench has found so far, kept piece by piece, so that it can go on."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A folder with one file a finished piece: a fault, a simulation."""

    folder: Path
    plan: Mapping[str, object]
    """What was found by another plan is not taken for this one's."""

    def find(self, name: str) -> dict[str, Any] | None:
        """Return what was found of a piece; None if it is to be run."""
        try:
            told = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        if not isinstance(told, dict) or told.get("plan") != dict(self.plan):
            return None
        result: dict[str, Any] = told["result"]
        return result

    def keep(self, name: str, result: Mapping[str, Any]) -> None:
        """Write down a finished piece, whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = {"plan": dict(self.plan), "result": dict(result)}
        draft = self._file(name).with_suffix(".new")
        draft.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
        draft.replace(self._file(name))

    def forget(self) -> None:
        """Begin anew."""
        for file in self.folder.glob("*.json"):
            file.unlink()

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
