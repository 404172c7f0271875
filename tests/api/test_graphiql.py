import gzip
import re

from api.graphiql import ASSETS
from tests.api.asking import Asker, application
from tests.people import cut_off

RAW_BYTES_MAX = 5_000_000
STORED_BYTES_MAX = 1_500_000


def browser() -> Asker:
    return Asker(application(cut_off()), headers={"accept": "text/html,application/xhtml+xml"})


async def test_a_browser_gets_the_explorer_and_a_client_does_not() -> None:
    page = await browser().send("GET")
    client = await Asker(application(cut_off())).send("GET", headers={"accept": "*/*"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert client.status_code == 400


async def test_a_browser_that_names_a_query_gets_its_answer() -> None:
    answer = await browser().send("GET", url="/graphql?query={__typename}")
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_everything_the_page_loads_is_served_from_here() -> None:
    page = (await browser().send("GET")).text
    links = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(links) == 5
    for link in links:
        assert link.startswith("/graphql/assets/")
        response = await browser().send("GET", url=link)
        assert response.status_code == 200
        assert response.headers["content-type"].split(";")[0] in {"text/javascript", "text/css"}
    assert "default-src 'none'" in (await browser().send("GET")).headers["content-security-policy"]


async def test_an_asset_is_unpacked_for_a_client_that_cannot() -> None:
    url = "/graphql/assets/react-18.3.1.js"
    plain = await browser().send("GET", url=url, headers={"accept-encoding": "identity"})
    packed = await browser().send("GET", url=url, headers={"accept-encoding": "gzip"})
    stored = gzip.decompress((ASSETS / "react-18.3.1.js.gz").read_bytes())
    assert (plain.content, packed.content) == (stored, stored)
    assert ("content-encoding" in plain.headers, packed.headers["content-encoding"]) == (False, "gzip")


async def test_no_other_file_can_be_read() -> None:
    for name in ("nope.js", "../graphiql.py", "..%2Fgraphiql.py", "explorer.html"):
        assert (await browser().send("GET", url=f"/graphql/assets/{name}")).status_code == 404


def test_the_explorer_stays_small() -> None:
    stored = [path.read_bytes() for path in ASSETS.iterdir()]
    assert sum(map(len, stored)) < STORED_BYTES_MAX
    raw = [gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in stored]
    assert sum(map(len, raw)) < RAW_BYTES_MAX
