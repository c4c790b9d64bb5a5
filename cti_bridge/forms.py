"""Forms of what Asterisk and callers tell; what is not of them makes no fact."""

import re
from typing import Final

UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
"""Of a call, and of an offer, whose leg is named by it."""
LEG: Final = re.compile(r"[A-Za-z0-9_.-]{1,128}", re.ASCII)
"""A channel's ``Uniqueid``."""
NUMBER: Final = re.compile(r"[+0-9A-Za-z*#._-]{0,40}", re.ASCII)
"""That was dialled, or is a caller's; empty where it is withheld."""
SIP_CALL_ID: Final = re.compile(r"[!-~]{0,128}", re.ASCII)
MOST_NAME: Final = 80
"""Characters of a caller's name."""
