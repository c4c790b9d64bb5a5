"""Which prompts are synthetic, recorded and missing, as people and programs read it."""

import asyncio
from pathlib import Path

from ivr.sounds import Language
from services.prompts.inventory import Kind, counted, inventory
from tests.services.prompts.test_a_prompt_store import flow_saying, store

ZH, EN = Language.ZH, Language.EN


def test_each_prompt_is_listed_once_with_its_kind_voice_and_places(
    tmp_path: Path,
) -> None:
    prompts = store(tmp_path)
    (prompts.recorded / "storm").mkdir()
    for name in ("storm/warning", "old"):
        (prompts.recorded / f"{name}.wav").write_bytes(b"RIFF")
    flow = flow_saying(
        {"zh": "您好", "en": "Hello"},
        {"zh": "您好"},
        {"file": "storm/warning"},
        {"file": "storm/none"},
        {"file": "storm/wanted", "zh": "大风"},
    )
    asyncio.run(prompts.prepare([flow_saying({"zh": "您好"})]))

    listed = inventory([flow], prompts)

    assert [
        (it.kind, "+".join(it.languages), it.text or it.file, it.voice, it.used)
        for it in listed
    ] == [
        (Kind.MISSING, "en+zh", "storm/none", None, ("main → s3 → say",)),
        (
            Kind.SYNTHETIC,
            "zh",
            "您好",
            "espeak-ng",
            ("main → s0 → say", "main → s1 → say"),
        ),
        (Kind.SYNTHETIC, "en", "Hello", None, ("main → s0 → say",)),
        (Kind.RECORDED, "en+zh", "storm/warning", None, ("main → s2 → say",)),
        (Kind.STOOD_IN, "en+zh", "storm/wanted", None, ("main → s4 → say",)),
        (Kind.SYNTHETIC, "zh", "大风", None, ("main → s4 → say",)),
        (Kind.RECORDED, "", "old", None, ()),
    ]
    assert counted(listed) == {
        ZH: {Kind.SYNTHETIC: 2, Kind.RECORDED: 1, Kind.MISSING: 1, Kind.STOOD_IN: 1},
        EN: {Kind.SYNTHETIC: 1, Kind.RECORDED: 1, Kind.MISSING: 1, Kind.STOOD_IN: 1},
    }


def test_a_centre_without_a_folder_of_recordings_has_none(tmp_path: Path) -> None:
    prompts = store(tmp_path)
    prompts.recorded.rmdir()

    (one,) = inventory([flow_saying({"zh": "您好"})], prompts)

    assert one.kind is Kind.SYNTHETIC
