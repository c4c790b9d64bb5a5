"""The language in which an answer's sentences are wanted."""

from typing import Annotated

from fastapi import Depends, Request

from ivr.sounds import Language

HEADER = "Accept-Language"


def language_of(request: Request) -> Language:
    """Return the language that is wanted first; English where it is another."""
    first = request.headers.get(HEADER, "").strip().lower()
    return Language.ZH if first.startswith(Language.ZH.value) else Language.EN


Wanted = Annotated[Language, Depends(language_of)]
