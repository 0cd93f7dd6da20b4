"""What answers of a Prometheus prove. The recorded ones are 2.42's own (tests/integration/test_prometheus.py asks a real one)."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.telemetry.answers import read


def vector(*values: str) -> bytes:
    return success("vector", [{"metric": {"job": str(n)}, "value": [1767225600.123, value]} for n, value in enumerate(values)])


def success(kind: str, result: object, **more: object) -> bytes:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more}).encode()


def test_one_finite_value_is_a_value() -> None:
    found = read(200, vector("0.995"))
    assert (found.value, found.error, found.reason) == (0.995, "", "")
    assert found.newest_at == datetime(2026, 1, 1, 0, 0, 0, 123000, UTC)


NOTHING = {  # it answered, and there is nothing to judge
    "NaN": vector("NaN"), "+Inf": vector("+Inf"), "-Inf": vector("-Inf"), "empty": vector(), "several": vector("1", "1"),
    "in part": success("vector", [{"metric": {}, "value": [1, "1"]}], warnings=["store 2 is away"]),
}  # fmt: skip
ERRORS = {
    "scalar": success("scalar", [1767225600, "1"]), "string": success("string", [1767225600, "1"]),
    "matrix": success("matrix", [{"metric": {}, "values": [[1767225600, "1"]]}]),
    "error": b'{"status":"error","errorType":"bad_data","error":"parse error"}', "html": b"<html>", "nothing": b"", "cut": vector("1")[:-9],
    "list": b"[]", "no data": b'{"status":"success"}', "data null": b'{"status":"success","data":null}',
    "word": success("vector", [{"value": [1, "one"]}]),
    "number": success("vector", [{"value": [1, 1]}]), "histogram": success("vector", [{"metric": {}, "histogram": [1, {}]}]),
    "far time": success("vector", [{"value": [1e300, "1"]}]), "NaN time": success("vector", [{"value": [float("nan"), "1"]}]),
    "deep": b"[" * 100_000,
    "not a vector": success("vector", "1"), "bytes": b"\xff\xfe",
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_r_c02_an_answer_without_a_value_is_none(name: str) -> None:
    found = read(200, NOTHING[name])
    assert found.value is None
    assert found.reason
    assert not found.error


@pytest.mark.parametrize("name", ERRORS)
def test_r_c02_what_is_malformed_is_an_error(name: str) -> None:
    found = read(200, ERRORS[name])
    assert found.value is None
    assert found.error


@pytest.mark.parametrize("status", [201, 204, 301, 400, 422, 500, 503])
def test_r_c02_only_200_is_an_answer(status: int) -> None:
    found = read(status, vector("1"))
    assert found.value is None
    assert str(status) in found.error


names = st.sampled_from(["status", "data", "resultType", "result", "value", "metric", "warnings"])
leaves = st.none() | st.booleans() | st.floats() | st.text(max_size=5)
json_values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4), max_leaves=12)


@given(json_values)
def test_r_c02_whatever_is_answered_never_raises(answer: object) -> None:
    found = read(200, json.dumps(answer).encode())
    assert found.value is None
    assert found.error or found.reason


@given(json_values)
def test_r_c02_whatever_stands_in_the_result_never_raises(result: object) -> None:
    read(200, success("vector", [result]))
