"""What is thrown at the switch: all of the RFC, and the same again by its seed."""

from services.runtime.bench.chaos.rfc4475 import messages
from services.runtime.bench.chaos.sip_torture import spoilt

SERVER, OWN = "127.0.0.1:16000", "127.0.0.1:40000"


def plain() -> list[bytes]:
    return [text for _, text in messages(SERVER, "6000", OWN)]


def test_there_are_the_49_messages_of_the_rfc_each_once() -> None:
    named = [name for name, _ in messages(SERVER, "6000", OWN)]
    sections = [name.split(" ")[0] for name in named]

    assert len(named) == len(set(named)) == 49
    assert [
        sum(s.startswith(part) for s in sections)
        for part in ("3.1.1.", "3.1.2.", "3.2.", "3.3.", "3.4.")
    ] == [13, 19, 1, 15, 1]
    assert len(set(plain())) == 49


def test_mutations_are_the_same_again_by_their_seed_and_differ_from_the_plain() -> None:
    first, again = (list(spoilt(plain(), 300, seed=1)) for _ in range(2))

    assert first == again
    assert list(spoilt(plain(), 300, seed=2)) != first
    assert len(set(first) - set(plain())) > 290
