"""The forms that every part of a written flow shares: names, keys, words, files."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

KEYS = "0123456789*#"
"""Every key that a telephone has."""

NAME = r"^[a-z][a-z0-9_]{0,39}$"
KEY = r"^[0-9*#]$"
NUMBER = r"^[0-9]{1,15}$"
FILE_NAME = r"^[A-Za-z0-9_-]{1,64}(/[A-Za-z0-9_-]{1,64}){0,3}$"

CHOICE = r"^([0-9*#]|[a-z][a-z0-9_]{0,39})$"

PLAIN = r"^[^\x00-\x08\x0b-\x1f\x7f]*$"

StepName = Annotated[str, StringConstraints(pattern=NAME)]
Id = Annotated[str, StringConstraints(pattern=NAME)]
Key = Annotated[str, StringConstraints(pattern=KEY)]
Choice = Annotated[str, StringConstraints(pattern=CHOICE)]
"""A key, or the name of a step."""
Dialled = Annotated[str, StringConstraints(pattern=NUMBER)]
Words = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=1000, pattern=PLAIN
    ),
]
FileName = Annotated[str, StringConstraints(pattern=FILE_NAME, max_length=128)]


class Part(BaseModel):
    """What every part of a flow is: as written, whole, and never changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")
