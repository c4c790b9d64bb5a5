"""Tell from Asterisk's own words whether an account may do too much."""

from __future__ import annotations

import re
from typing import Final

from cti_bridge.ami.protocol import Message

FORBIDDEN_CLASSES: Final = frozenset({"system", "command", "config"})
"""With any of them an account can run programs or write Asterisk's files."""

_CLASSES: Final = re.compile(r"\(Priv: ([a-z,]+)\)$")


def forbidden_classes(commands: Message) -> frozenset[str]:
    """Return the classes that an account should not hold but does.

    Args:
        commands: Asterisk's reply to ``ListCommands``, which tells each action that
            the account may use and the classes any of which allows it.
    """
    needs: list[frozenset[str]] = []
    for _, text in commands.pairs():
        match = _CLASSES.search(text)
        if match is None:
            continue
        allowed_by = frozenset(match[1].split(",")) - {"all"}
        if allowed_by and allowed_by <= FORBIDDEN_CLASSES:
            needs.append(allowed_by)
    # One that needs a single class proves it; "system,config" proves one of the two.
    proven = frozenset[str]().union(*(need for need in needs if len(need) == 1))
    unproven = (need for need in needs if not need & proven)
    return proven.union(*unproven)
