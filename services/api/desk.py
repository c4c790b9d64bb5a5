"""The desk's pages over HTTP: what was built, by its hash kept, and nothing else."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request, Response
from starlette.responses import RedirectResponse

from services.api.problems import problem
from services.api.rights import anybody

router = APIRouter(include_in_schema=False)

INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_FOR_GOOD = "public, max-age=31536000, immutable"
"""For what has the hash of its content in its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file as it is served."""

    content: bytes
    suffix: str
    is_packed: bool
    """Whether it is compressed by gzip."""


class DeskPages:
    """The built pages in a folder, which may be built anew while we run."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it need not be there."""
        self._folder = folder

    def find(self, path: str, *, packed: bool) -> Page | None:
        """Return a file of the folder, None where there is none of that name.

        Args:
            path: Its name; no other way leads out of the folder.
            packed: Whether a compressed one will do.
        """
        wanted = self._folder / path
        try:
            # Only what lies there as a plain file, by its own name.
            inside = wanted.resolve(strict=True).relative_to(self._folder.resolve())
            if str(inside) != path or wanted.suffix not in _TYPES:
                return None
            small = wanted.with_name(f"{wanted.name}.gz")
            is_packed = packed and small.is_file()
            content = (small if is_packed else wanted).read_bytes()
        except (OSError, ValueError):
            return None
        return Page(content=content, suffix=wanted.suffix, is_packed=is_packed)


def install(app: FastAPI, pages: DeskPages) -> None:
    """Add the desk to an app."""
    app.state.desk = pages
    app.include_router(router)


@router.get("/desk", **anybody())
async def desk() -> Response:
    """Lead to the desk."""
    return RedirectResponse("/desk/", status_code=308)


@router.get("/desk/{path:path}", **anybody())
async def page(request: Request, path: str) -> Response:
    """Give a file of the desk; it is the same for everybody and tells nothing."""
    pages: DeskPages = request.app.state.desk
    packed = "gzip" in request.headers.get("accept-encoding", "")
    name = path or INDEX
    found = await asyncio.to_thread(pages.find, name, packed=packed)
    if found is None and name == INDEX:
        sentence = "desk: its pages are not built (yet); ./tieline desk build builds"
        return problem(503, "desk_not_built", sentence)
    if found is None:
        return problem(404, "unknown_page", f"desk: there is no page {name!r}")
    headers = {
        "Cache-Control": _FOR_GOOD if name.startswith("assets/") else "no-cache",
        "Vary": "Accept-Encoding",
    }
    if found.is_packed:
        headers["Content-Encoding"] = "gzip"
    return Response(found.content, headers=headers, media_type=_TYPES[found.suffix])
