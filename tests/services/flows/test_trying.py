"""``tieline flow try``: the shipped flows walked by typing."""

from typer.testing import CliRunner

from services.runtime.cli import build


def tried(typed: str, *words: str) -> str:
    said = CliRunner().invoke(build("flow"), ["flow", "try", *words], input=typed)
    return said.output.replace("\n", " ")


def test_who_answers_nothing_has_nothing_found_and_every_order_taken() -> None:
    # The caller and the storm are asked for, then key 1; the order is answered.
    said = tried("\n\n1\n\n", "6000", "--world", "storm=true")

    assert "受恶劣天气影响" in said
    assert "请在提示音后说出停电地址" in said
    assert "hang up; the way was know" in said


def test_a_case_answers_what_is_asked_and_keys_are_typed() -> None:
    said = tried("4\n", "--like", "registered and hung up")

    assert "受强对流天气影响，北川口山口乡发生停电" in said
    assert "look_up" not in said
    assert "queue q_fault" in said


def test_a_case_that_there_is_not_is_told_with_the_nearest() -> None:
    told = CliRunner().invoke(
        build("flow"), ["flow", "try", "--like", "registered and hung"]
    )

    assert str(told.exception) == (
        "'registered and hung': is no case; did you mean 'registered and hung up'?"
    )
