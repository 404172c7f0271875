"""GraphiQL, served from this package: nothing is loaded from another host."""

import gzip
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

ASSETS = Path(__file__).parent / "assets"

_TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html"}
_NAMES = {path.name.removesuffix(".gz"): path for path in ASSETS.iterdir() if path.suffix in {".gz", ".js"}}
_PAGE = (ASSETS / "explorer.html").read_text()
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; "
    "img-src 'self' data:; connect-src 'self' ws: wss:; frame-ancestors 'none'"
)


def page() -> Response:
    """The explorer's page."""
    return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY, "Vary": "Accept"})


async def asset(request: Request) -> Response:
    """One file of the page, compressed as it is stored where the client can read that."""
    path = _NAMES.get(request.path_params["name"])
    if path is None:
        raise HTTPException(404, "no such asset")
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Encoding"}
    content = path.read_bytes()
    if path.suffix == ".gz" and "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    elif path.suffix == ".gz":
        content = gzip.decompress(content)
    kind = _TYPES[Path(path.name.removesuffix(".gz")).suffix]
    return Response(content, headers=headers, media_type=kind)
