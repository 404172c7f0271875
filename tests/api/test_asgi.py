import orjson
import pytest

from api.asgi import REFUSAL_CODES, RESPONSE_TYPE
from api.limits import Limits
from rest_compat.errors import STATUS_OF
from tests.api.asking import Asker, Desk, application, open_simulation
from tests.api.streaming import Socket, served
from tests.people import cut_off

TYPENAME = b'{"query": "{ __typename }"}'


def visitor() -> Asker:
    return Asker(application(cut_off()))


async def test_a_request_error_is_400_under_the_response_type_and_200_under_plain_json() -> None:
    strict = await visitor().send("POST", content=b'{"query": "{ nope }"}', headers={"accept": RESPONSE_TYPE})
    lenient = await visitor().send(
        "POST", content=b'{"query": "{ nope }"}', headers={"accept": "application/json"}
    )
    assert (strict.status_code, strict.headers["content-type"]) == (400, f"{RESPONSE_TYPE}; charset=utf-8")
    assert (lenient.status_code, lenient.headers["content-type"]) == (200, "application/json")
    assert "data" not in strict.json() and "data" not in lenient.json()


async def test_a_field_error_is_200_and_keeps_its_data() -> None:
    response = await visitor().send(
        "POST", content=b'{"query": "{ simulations { nodes { id } } }"}', headers={"accept": RESPONSE_TYPE}
    )
    assert (response.status_code, response.json()["data"]) == (200, None)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff\xfe",
        b"1",
        b"null",
        b'"{ __typename }"',
        b"[]",
        b"[" + TYPENAME + b"]",
        b'{"query": 1}',
        b"{}",
        b"",
    ],
)
async def test_what_is_no_operation_is_refused_in_json(body: bytes) -> None:
    response = await visitor().send("POST", content=body)
    assert (response.status_code, response.headers["x-error-code"]) == (400, "invalid_input")
    assert response.json()["errors"][0]["extensions"] == {"code": "MALFORMED", "reason": "invalid_input"}


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "text/plain"]
)
async def test_forms_and_uploads_are_refused(kind: str) -> None:
    response = await visitor().send("POST", content=TYPENAME, headers={"content-type": kind})
    refusal = {
        "message": "The content type must be application/json.",
        "extensions": {"code": "MALFORMED", "reason": "unsupported_media_type"},
    }
    assert (response.status_code, response.json()) == (415, {"errors": [refusal]})
    assert response.headers["x-error-code"] == "unsupported_media_type"


async def test_a_body_of_more_than_256_kib_is_refused_in_json() -> None:
    largest = TYPENAME + b" " * (Limits().body_bytes - len(TYPENAME))
    assert (await visitor().send("POST", content=largest)).json()["data"] == {"__typename": "Query"}
    response = await visitor().send("POST", content=largest + b" ")
    refusal = {
        "message": "The body is larger than 262144 bytes.",
        "extensions": {"code": "MALFORMED", "reason": "body_too_large"},
    }
    assert (response.status_code, response.json()) == (413, {"errors": [refusal]})
    assert response.headers["x-error-code"] == "body_too_large"


def test_early_refusals_are_coded_as_rest_codes_them() -> None:
    rest = {code.value: status for code, status in STATUS_OF.items()}
    assert {rest[code]: code for code in REFUSAL_CODES.values()} == REFUSAL_CODES


async def test_a_query_may_be_a_get_and_a_mutation_may_not() -> None:
    query = await visitor().send("GET", url="/graphql?query={__typename}")
    mutation = await visitor().send("GET", url="/graphql?query=mutation{logout{done}}")
    assert query.json()["data"] == {"__typename": "Query"}
    assert mutation.status_code == 400
    assert mutation.json()["errors"][0]["message"] == "mutations are not allowed when using GET"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_other_methods_are_refused(method: str) -> None:
    answer = await visitor().send(method)
    assert (answer.status_code, answer.headers["x-error-code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"


async def test_head_answers_like_get() -> None:
    answer = await visitor().send("HEAD", url="/graphql?query={__typename}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


TWO = "mutation A{logout{done}} query B{viewer{email}}"
SEVERAL = "The document has several operations: name one in operationName."


async def test_of_several_operations_none_runs_unless_named(desk: Desk) -> None:
    content = orjson.dumps({"query": TWO})
    strict = await desk.owner.send("POST", content=content, headers={"accept": RESPONSE_TYPE})
    lenient = await desk.owner.send("POST", content=content)
    stream = await desk.owner.send("POST", content=content, headers={"accept": "text/event-stream"})
    refusal = {"errors": [{"message": SEVERAL, "extensions": {"code": "MALFORMED"}}]}
    assert (strict.status_code, strict.json(), lenient.json()) == (400, refusal, refusal)
    assert SEVERAL in stream.text and "MALFORMED" in stream.text
    named = await desk.owner.send("POST", content=orjson.dumps({"query": TWO, "operationName": "B"}))
    assert named.json()["data"] == {"viewer": {"email": "owner@example.com"}}


async def test_a_get_of_several_operations_is_refused() -> None:
    url = "/graphql?query=query A{__typename} query B{__typename}"
    answer = await visitor().send("GET", url=url, headers={"accept": RESPONSE_TYPE})
    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (400, SEVERAL)


async def test_a_name_of_no_operation_is_refused() -> None:
    content = orjson.dumps({"query": TWO, "operationName": "C"})
    for accept in (RESPONSE_TYPE, "application/json"):
        answer = await visitor().send("POST", content=content, headers={"accept": accept})
        extensions = {"code": "MALFORMED", "reason": "invalid_input"}
        error = {"message": 'Unknown operation named "C".', "extensions": extensions}
        assert (answer.status_code, answer.json()) == (400, {"errors": [error]})


async def test_a_socket_outlives_an_operation_that_cannot_be_chosen(desk: Desk) -> None:
    async with served(desk.app) as address, Socket.open(address, desk.owner.token) as socket:
        several = {"message": SEVERAL, "extensions": {"code": "MALFORMED"}}
        assert await socket.first(TWO, {}) == {"errors": [several]}
        payload = {"query": TWO, "operationName": "C"}
        await socket.send({"type": "subscribe", "id": "c", "payload": payload})
        unknown = {"message": 'Unknown operation named "C".', "extensions": {"code": "MALFORMED"}}
        assert await socket.receive() == {"type": "error", "id": "c", "payload": [unknown]}
        answer = await socket.first("{viewer{email}}", {})
        assert answer["data"] == {"viewer": {"email": "owner@example.com"}}


async def test_a_token_is_read_bare_or_after_bearer(desk: Desk) -> None:
    for token in (desk.owner.token, f"Bearer {desk.owner.token}", f"bearer  {desk.owner.token}"):
        asker = Asker(desk.app, token)
        assert await asker.ask("{ viewer { email } }") == {"viewer": {"email": "owner@example.com"}}


@pytest.mark.parametrize("token", ["0" * 32, "nonsense", "Bearer nonsense", "Basic x"])
async def test_an_invalid_token_is_unauthenticated_whatever_is_asked(desk: Desk, token: str) -> None:
    response = await Asker(desk.app, token).post("{ __typename }")
    assert (response.status_code, response.headers["x-error-code"]) == (401, "unauthenticated")
    extensions = {"code": "UNAUTHENTICATED", "reason": "unauthenticated"}
    assert response.json()["errors"][0]["extensions"] == extensions


async def test_an_empty_authorization_is_a_visitor(desk: Desk) -> None:
    assert await Asker(desk.app, "").ask("{ viewer { email } }") == {"viewer": None}


async def test_a_token_that_was_logged_out_is_refused_from_then_on(desk: Desk) -> None:
    await open_simulation(desk.owner)
    assert await desk.owner.ask("mutation { logout { done } }") == {"logout": {"done": True}}
    assert (await desk.owner.post("{ simulations { nodes { id } } }")).status_code == 401
