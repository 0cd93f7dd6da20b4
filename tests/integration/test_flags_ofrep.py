"""The OFREP contract (0.3): shapes held against schemas transcribed from the protocol's description, and a stranger's client."""

from collections.abc import Iterator

import httpx
import jsonschema
import pytest
from openfeature import api
from openfeature.client import OpenFeatureClient
from openfeature.contrib.provider.ofrep import OFREPProvider

from tests.servers import Server
from windows.access.roles import ENGINE
from windows.flags.commands import clear_flag, set_flag
from windows.flags.openfeature_hook import MaintenanceHook
from windows.flags.routing import FlagKey
from windows.lifecycle.states import Mode

URL = "/ofrep/v1/evaluate/flags"
KEY = FlagKey("orders", "production")
PLACE = {"service": "orders", "environment": "production", "region": "eu"}

SCALARS = {"type": "object", "additionalProperties": {"type": ["boolean", "string", "number"]}}
SUCCESS = {
    "type": "object",
    "required": ["key", "reason"],
    "properties": {
        "key": {"const": "maintenance"},
        "reason": {"enum": ["STATIC", "TARGETING_MATCH", "SPLIT", "DISABLED", "UNKNOWN"]},
        "variant": {"type": "string"},
        "value": {"type": "object"},
        "metadata": SCALARS,
    },
}
FAILURE = {
    "type": "object",
    "required": ["key", "errorCode"],
    "properties": {
        "key": {"type": "string"},
        "errorCode": {"enum": ["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "GENERAL"]},
        "errorDetails": {"type": "string"},
    },
}
NOT_FOUND = FAILURE | {"properties": FAILURE["properties"] | {"errorCode": {"const": "FLAG_NOT_FOUND"}}}
BULK_FAILURE = FAILURE | {"required": ["errorCode"]}
STREAM = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"const": "sse"},
        "url": {"type": "string"},
        "endpoint": {
            "type": "object",
            "required": ["requestUri"],
            "properties": {"origin": {"type": "string"}, "requestUri": {"type": "string"}},
        },
        "inactivityDelaySec": {"type": "integer"},
    },
    "oneOf": [{"required": ["url"]}, {"required": ["endpoint"]}],
}
BULK = {
    "type": "object",
    "required": ["flags"],
    "properties": {
        "flags": {"type": "array", "items": {"oneOf": [SUCCESS, FAILURE]}},
        "metadata": SCALARS,
        "eventStreams": {"type": "array", "items": STREAM},
    },
}


@pytest.fixture
def http(flag_server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=flag_server.url, timeout=60) as client:
        yield client


@pytest.fixture
def stranger(flag_server: Server) -> Iterator[OpenFeatureClient]:
    """The public Python provider of the protocol."""
    provider = OFREPProvider(flag_server.url, timeout=30)
    api.set_provider(provider, domain="orders")
    yield api.get_client(domain="orders")
    api.clear_providers()
    provider.session.close()


def evaluate(http: httpx.Client, version: int, eventually, context: dict | None = None) -> dict:
    def asked():
        answer = http.post(f"{URL}/maintenance", json={"context": context or PLACE})
        assert answer.status_code == 200
        body = answer.json()
        jsonschema.validate(body, SUCCESS)
        return body if body["metadata"]["flagVersion"] == version else None

    return eventually(asked)


def test_r_d09_single_evaluation(http: httpx.Client, eventually) -> None:
    nothing = evaluate(http, 0, eventually)
    assert (nothing["reason"], nothing["variant"], nothing["value"]["mode"]) == ("STATIC", "normal", "normal")
    set_flag(ENGINE, KEY, Mode.READ_ONLY, {"retry_after": 30, "message": "Back at 6", "until": "2026-03-01T06:00:00Z"}, window="MW-1001")
    found = evaluate(http, 1, eventually)
    assert (found["reason"], found["variant"]) == ("TARGETING_MATCH", "read_only")
    assert found["value"] == {
        "mode": "read_only", "version": 1, "window": "MW-1001", "retry_after": 30, "message": "Back at 6", "until": "2026-03-01T06:00:00Z",
    }  # fmt: skip
    assert found["metadata"]["windowId"] == "MW-1001"
    set_flag(ENGINE, FlagKey("orders", "production", layer="L5"), Mode.OFFLINE)
    assert evaluate(http, 2, eventually, PLACE | {"layer": "L5"})["variant"] == "offline"
    assert evaluate(http, 2, eventually)["variant"] == "read_only"
    clear_flag(ENGINE, KEY)
    assert evaluate(http, 3, eventually)["variant"] == "normal"


@pytest.mark.parametrize(
    ("key", "body", "status", "code", "schema"),
    [
        ("maintenance", b"{", 400, "PARSE_ERROR", FAILURE),
        ("maintenance", b"\xff\xfe", 400, "PARSE_ERROR", FAILURE),
        ("maintenance", b"[" * 60_000, 400, "PARSE_ERROR", FAILURE),
        ("maintenance", b"[]", 400, "INVALID_CONTEXT", FAILURE),
        ("maintenance", b'{"context": "orders"}', 400, "INVALID_CONTEXT", FAILURE),
        ("maintenance", b'{"context": {"service": "orders"}}', 400, "INVALID_CONTEXT", FAILURE),
        ("maintenance", b'{"context": {"service": "*", "environment": "production"}}', 400, "INVALID_CONTEXT", FAILURE),
        ("maintenance", b'{"context": {"service": "orders", "environment": 7}}', 400, "INVALID_CONTEXT", FAILURE),
        ("maintenance", b"", 400, "INVALID_CONTEXT", FAILURE),
        ("unknown", b'{"context": {"service": "orders", "environment": "production"}}', 404, "FLAG_NOT_FOUND", NOT_FOUND),
        ("a%2Fb", b"{}", 404, "FLAG_NOT_FOUND", NOT_FOUND),
        ("", b"{", 400, "PARSE_ERROR", BULK_FAILURE),
        ("", b'{"context": {}}', 400, "INVALID_CONTEXT", BULK_FAILURE),
    ],
)
def test_r_d09_errors(http: httpx.Client, key: str, body: bytes, status: int, code: str, schema: dict) -> None:
    answer = http.post(f"{URL}/{key}" if key else URL, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    jsonschema.validate(answer.json(), schema)
    assert answer.json()["errorCode"] == code
    assert answer.json()["errorDetails"]


def test_r_d09_bulk_evaluation_and_its_etag(http: httpx.Client, eventually) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    evaluate(http, 1, eventually)
    first = http.post(URL, json={"context": PLACE})
    jsonschema.validate(first.json(), BULK)
    assert [flag["variant"] for flag in first.json()["flags"]] == ["read_only"]
    known = {"If-None-Match": first.headers["etag"]}
    again = http.post(URL, json={"context": PLACE}, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    elsewhere = http.post(URL, json={"context": PLACE | {"environment": "staging"}}, headers=known)
    assert elsewhere.status_code == 200, "one URL, another context: another answer"
    set_flag(ENGINE, FlagKey("billing"), Mode.OFFLINE)
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    evaluate(http, 3, eventually)
    changed = http.post(URL, json={"context": PLACE}, headers=known)
    assert (changed.status_code, changed.json()["flags"][0]["variant"]) == (200, "offline")
    stream = changed.json()["eventStreams"][0]["endpoint"]["requestUri"]
    with http.stream("GET", stream) as events:
        assert events.status_code == 200
        lines = events.iter_lines()
        assert any(line == "event: message" for line, _ in zip(lines, range(10), strict=False))


def test_r_d09_a_strangers_client_and_a_dead_server(
    stranger: OpenFeatureClient, http: httpx.Client, flag_server: Server, eventually
) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY, window="MW-1001")
    evaluate(http, 1, eventually)
    tags: list[dict] = []
    stranger.add_hooks([MaintenanceHook("orders", "production", "eu", tag=tags.append)])
    details = stranger.get_object_details("maintenance", {"mode": "default"})
    assert (details.value["mode"], details.variant, details.reason) == ("read_only", "read_only", "TARGETING_MATCH")
    assert tags == [{"maintenance.window": "MW-1001", "maintenance.flag_version": 1, "maintenance.mode": "read_only"}]
    assert stranger.get_object_details("unknown", {"mode": "default"}).error_code == "FLAG_NOT_FOUND"
    assert stranger.get_boolean_details("maintenance", True).error_code == "TYPE_MISMATCH"
    flag_server.kill()
    assert stranger.get_object_value("maintenance", {"mode": "default"}) == {"mode": "default"}
    flag_server.start()
    eventually(lambda: stranger.get_object_value("maintenance", {"mode": "default"})["mode"] == "read_only")
