"""Files that cannot be used, each broken in one way, with its words in two languages.

What is told of each stands in ``broken/expected.txt``: its name, then every problem in
English and under it in Chinese.
"""

import copy
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from ivr.problems import Problem
from ivr.sounds import Language
from ivr.wording import Wording, told
from services.floor.load import FloorRefused, load_floor

BROKEN = Path(__file__).parent / "broken"
MANY = "".join(f"  s{nth}: {{queue: q_bill}}\n" for nth in range(501))
MADE: Mapping[str, bytes] = {
    "too-many-steps": b"name: main\nlanguage: zh\nentry: s0\nperson: s0\nsteps:\n"
    + MANY.encode(),
    "ten-megabytes": b"#" * (10 * 1024 * 1024),
    "nested-without-end": b"[" * 5_000,
    "ten-thousand-entries": b"- x\n" * 10_001,
    "not-utf-8": "name: 热线\n".encode("gb18030"),
    "control-characters": b"name: main\nlanguage: \x07zh\n",
}
"""What no file should hold, by the name under which it is told."""
FILES = [
    path for part in ("flows", "lookups", "hours") for path in (BROKEN / part).iterdir()
]


def broken() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return what is told of each broken file, by its name."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    text = (BROKEN / "expected.txt").read_text(encoding="utf-8")
    for block in text.strip().split("\n\n"):
        name, *lines = block.splitlines()
        found[name] = tuple(zip(lines[::2], lines[1::2], strict=True))
    return found


def problems(folder: Path, name: str) -> tuple[Problem, ...]:
    """Put a broken file among right ones, and return what is told of them."""
    part, _, what = name.partition("/")
    flows = folder / "flows"
    shutil.copytree(BROKEN / "beside", folder, dirs_exist_ok=True)
    flows.mkdir()
    if part == "made":
        (flows / "main.yaml").write_bytes(MADE[what])
    elif part == "flows" and (BROKEN / part / what).is_dir():
        shutil.copytree(BROKEN / part / what, flows, dirs_exist_ok=True)
    elif part == "flows":
        shutil.copy(BROKEN / part / f"{what}.yaml", flows / "main.yaml")
    else:
        shutil.copy(BROKEN / part / f"{what}.yaml", folder / f"{part}.yaml")
        shutil.copy(BROKEN / "right.yaml", flows / "main.yaml")
    with pytest.raises(FloorRefused) as caught:
        load_floor(folder / "floor.yaml", flows)
    return caught.value.problems


@pytest.mark.parametrize("name", broken())
def test_what_is_broken_is_told_in_both_languages(tmp_path: Path, name: str) -> None:
    found = tuple(
        (one.told(Language.EN), one.told(Language.ZH))
        for one in problems(tmp_path, name)
    )

    here = f"{tmp_path.as_posix()}/"
    assert (
        tuple((en.replace(here, ""), zh.replace(here, "")) for en, zh in found)
        == broken()[name]
    )


def test_every_broken_file_is_told_of() -> None:
    assert set(broken()) == {
        *(f"{path.parent.name}/{path.stem}" for path in FILES),
        *(f"made/{name}" for name in MADE),
    }


def test_a_wording_keeps_its_chinese_in_copies_and_across_processes() -> None:
    wording = Wording(en="no", zh="没有")

    read = pickle.loads(pickle.dumps(wording))  # noqa: S301 - of this very line
    copies = (copy.deepcopy(wording), read)

    assert copies == ("no", "no")
    assert [told(one, Language.ZH) for one in copies] == ["没有", "没有"]


def test_a_text_without_chinese_is_told_in_english() -> None:
    assert told("no", Language.ZH) == "no"
