"""The flag server as a process: what it answers, with and without its database."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.flag_servers import Wire, flag_server
from tests.servers import Server
from windows.access.roles import ENGINE, SETUP
from windows.audit.models import AuditEntry
from windows.flags import commands, queries
from windows.flags.commands import clear_flag, counter, set_flag
from windows.flags.routing import FlagKey
from windows.lifecycle.states import Mode

KEY = FlagKey("orders", "production")
PLACE = {"service": "orders", "environment": "production", "region": "eu"}
BULK = "/ofrep/v1/evaluate/flags"


@pytest.fixture
def http(flag_server: Server):
    with httpx.Client(base_url=flag_server.url, timeout=60) as client:
        yield client


def seen(http: httpx.Client, version: int):
    return lambda: http.get("/healthz").json().get("version") == version


def test_the_snapshot_and_its_etag(http: httpx.Client, eventually) -> None:
    empty = http.get("/flags")
    assert (empty.status_code, empty.json()["version"], empty.json()["flags"]) == (200, 0, [])
    set_flag(ENGINE, KEY, Mode.READ_ONLY, {"retry_after": 30}, window="MW-1001")
    set_flag(ENGINE, FlagKey("billing"), Mode.OFFLINE)
    eventually(seen(http, 2))
    everything, here = http.get("/flags"), http.get("/flags", params=PLACE)
    assert [flag["target"] for flag in everything.json()["flags"]] == ["orders", "billing"]
    assert here.json()["value"] == {"mode": "read_only", "version": 1, "window": "MW-1001", "retry_after": 30}
    assert (everything.json()["version"], here.json()["version"]) == (2, 1)
    for answer, params in ((everything, {}), (here, PLACE)):
        again = http.get("/flags", params=params, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    set_flag(ENGINE, FlagKey("billing"), Mode.DEGRADED)
    eventually(seen(http, 3))
    assert http.get("/flags", params=PLACE, headers={"If-None-Match": here.headers["etag"]}).status_code == 304, "not for this place"
    assert http.get("/flags", params={"service": "orders"}).status_code == 400, "a place named by halves"
    assert "roadworks-snapshot-age" not in here.headers


def test_a_long_poll_answers_at_the_change(http: httpx.Client, eventually) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 1))
    known = http.get("/flags", params=PLACE).headers["etag"]
    quick = http.get("/flags", params=PLACE | {"wait": "0.3"}, headers={"If-None-Match": known})
    assert quick.status_code == 304
    threading.Timer(0.3, lambda: set_flag_elsewhere(Mode.OFFLINE)).start()
    began = time.monotonic()
    answer = http.get("/flags", params=PLACE | {"wait": "60", "version": "1"}, timeout=90)
    assert answer.json()["value"]["mode"] == "offline"
    assert time.monotonic() - began < 40, "it answers at the change, not when the minute is over"


def set_flag_elsewhere(mode: Mode) -> None:
    from django.db import connection

    set_flag(ENGINE, KEY, mode)
    connection.close()


def events(url: str, into: list[dict], params: dict, stop: threading.Event) -> None:
    with httpx.Client(timeout=90) as client, client.stream("GET", f"{url}/stream", params=params) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        for line in answer.iter_lines():
            if line.startswith("data: "):
                into.append(json.loads(line[6:]))
            if stop.is_set():
                return


def test_the_event_stream_delivers_what_concerns_the_place(flag_server: Server, eventually) -> None:
    set_flag(ENGINE, FlagKey("billing"), Mode.DEGRADED)
    eventually(lambda: httpx.get(f"{flag_server.url}/healthz").json()["version"] == 1)
    bare: list[dict] = []
    full: list[dict] = []
    stop = threading.Event()
    threads = [
        threading.Thread(target=events, args=(flag_server.url, bare, {}, stop)),
        threading.Thread(target=events, args=(flag_server.url, full, PLACE | {"snapshot": "1"}, stop)),
    ]
    for thread in threads:
        thread.start()
    eventually(lambda: bare and full)
    set_flag(ENGINE, FlagKey("billing"), Mode.OFFLINE)
    eventually(lambda: len(bare) == 2)
    change = set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(lambda: len(bare) == 3 and len(full) == 2)
    assert {event["type"] for event in bare + full} == {"refetchEvaluation"}, "the one kind OFREP knows"
    assert [event["version"] for event in bare] == [1, 2, 3]
    assert [event["version"] for event in full] == [0, 3]
    assert full[-1]["snapshot"]["value"]["mode"] == "read_only"
    assert full[-1]["snapshot"]["echo"] == change.echo
    stop.set()
    clear_flag(ENGINE, KEY)
    for thread in threads:
        thread.join(90)
    eventually(lambda: httpx.get(f"{flag_server.url}/healthz").json()["streams"] == 0)


def test_a_lost_notification_costs_a_second(http: httpx.Client, eventually, monkeypatch: pytest.MonkeyPatch) -> None:
    set_flag(ENGINE, KEY, Mode.DEGRADED)
    eventually(seen(http, 1))
    mute = counter.NEXT.replace("pg_notify('flags_changed', version::text)", "null")
    assert mute != counter.NEXT
    monkeypatch.setattr(counter, "NEXT", mute)
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    began = time.monotonic()
    eventually(seen(http, 2), every=0.01)
    print(f"found by the watchdog after {time.monotonic() - began:.2f} s")


def test_it_stops_quickly_with_open_streams(flag_server: Server, eventually) -> None:
    got: list[dict] = []
    thread = threading.Thread(target=events, args=(flag_server.url, got, {}, threading.Event()))
    thread.start()
    eventually(lambda: got)
    flag_server.stop()
    assert flag_server.child.process.returncode != -signal.SIGKILL, "it did not have to be killed in the end"
    thread.join(90)
    assert not thread.is_alive()


def test_receipts_over_the_wire(http: httpx.Client, eventually) -> None:
    _, token = commands.register_node(SETUP, service="orders", environment="production", region="eu", name="n1")
    change = set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 1))
    told = http.get("/flags", params=PLACE).json()
    receipt = {"node": "n1", "environment": "production", "version": told["version"], "mode": told["value"]["mode"], "echo": told["echo"]}

    def post(raw: str = token, **other: object) -> int:
        return http.post("/flags/receipts", json=receipt | other, headers={"Authorization": f"Bearer {raw}"}).status_code

    assert post("rwn_forged") == 401
    assert post(node="n2") == 401
    assert post(echo="x") == 422
    assert post(version=99) == 422
    assert post(version="1") == 422
    assert post(mode="gone") == 422
    assert http.post("/flags/receipts", json=receipt).status_code == 401
    assert http.post("/flags/receipts", content=b"{", headers={"Authorization": f"Bearer {token}"}).status_code == 422
    assert http.post("/flags/receipts", content=b"x" * 70_000, headers={"Authorization": f"Bearer {token}"}).status_code == 413
    assert queries.convergence("orders", "production").laggards
    assert post() == 200
    seen_now = queries.convergence("orders", "production")
    assert not seen_now.laggards
    assert seen_now.nodes[0][:3] == ("n1", change.global_version, "read_only")
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    assert post() == 200
    assert queries.convergence("orders", "production").laggards
    assert not AuditEntry.objects.filter(kind="flag.split_brain").exists()


def test_r_d06_unchanged_polls_ask_the_database_nothing(http: httpx.Client, database_wire: Wire, eventually) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 1))
    known = {"If-None-Match": http.get("/flags").headers["etag"]}
    before, began = database_wire.sent, time.monotonic()
    for _ in range(1000):
        assert http.get("/flags", headers=known).status_code == 304
    asked, took = database_wire.sent - before, time.monotonic() - began
    assert asked <= 2 * took + 3, "the watchdog's one question a second, however many poll"
    database_wire.cut()
    for _ in range(1000):
        assert http.get("/flags", headers=known).status_code == 304


def test_r_d07_a_flip_is_computed_once_for_everybody(http: httpx.Client, flag_server: Server, database_wire: Wire, eventually) -> None:
    set_flag(ENGINE, KEY, Mode.DEGRADED)
    eventually(seen(http, 1))
    modes: list[str] = []

    def ask() -> None:
        answer = httpx.get(f"{flag_server.url}/flags", params=PLACE | {"wait": "20", "version": "1"}, timeout=90)
        modes.append(answer.json()["value"]["mode"])

    herd = [threading.Thread(target=ask) for _ in range(60)]
    for one in herd:
        one.start()
    eventually(lambda: http.get("/healthz").json()["streams"] == len(herd))
    before, began = database_wire.sent, time.monotonic()
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    for one in herd:
        one.join(90)
    asked, took = database_wire.sent - before, time.monotonic() - began
    assert modes == ["offline"] * len(herd)
    print(f"{len(herd)} told in {took:.2f} s for {asked} questions to the database")
    assert asked <= 2 * took + 4


def test_r_b06_the_database_is_away_answers_carry_their_age(http: httpx.Client, database_wire: Wire, eventually) -> None:
    _, token = commands.register_node(SETUP, service="orders", environment="production", region="eu", name="n1")
    change = set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 1))
    database_wire.cut()
    aged = eventually(lambda: (answer := http.get("/flags", params=PLACE)).headers.get("roadworks-snapshot-age") and answer)
    assert int(aged.headers["roadworks-snapshot-age"]) >= 3
    assert aged.json()["value"]["mode"] == "read_only", "what was last known still holds: nobody can change a flag now"
    assert http.get("/flags", params=PLACE, headers={"If-None-Match": aged.headers["etag"]}).status_code == 304
    answer = http.post(f"{BULK}/maintenance", json={"context": PLACE}).json()
    assert answer["metadata"]["stale"] is True
    assert answer["metadata"]["ageSeconds"] >= 3
    receipt = {"version": 1, "mode": "read_only", "echo": change.echo}
    refused = http.post("/flags/receipts", json=receipt, headers={"Authorization": f"Bearer {token}"})
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    health = http.get("/healthz").json()
    assert health["stale"] is True
    assert health["age"] >= 3
    database_wire.heal()
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    eventually(seen(http, 2))
    assert "roadworks-snapshot-age" not in http.get("/flags").headers
    assert http.post("/flags/receipts", json=receipt, headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_frozen_connection_is_given_up(http: httpx.Client, database_wire: Wire, eventually) -> None:
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 1))
    database_wire.freeze()
    before, began = database_wire.connections, time.monotonic()
    set_flag(ENGINE, KEY, Mode.OFFLINE)
    eventually(seen(http, 2))
    assert database_wire.connections > before, "the news came on a new connection"
    print(f"a frozen connection cost {time.monotonic() - began:.1f} s")


def test_a_start_without_the_database_serves_the_file(flag_server: Server, database_wire: Wire, eventually, tmp_path: Path) -> None:
    set_flag(ENGINE, KEY, Mode.OFFLINE, {"message": "back at six"})
    eventually(lambda: (tmp_path / "flags.json").exists() and b"back at six" in (tmp_path / "flags.json").read_bytes())
    assert (tmp_path / "flags.json").stat().st_mode & 0o077 == 0, "token hashes are nobody else's business"
    flag_server.kill()
    database_wire.cut()
    flag_server.start()
    answer = httpx.get(f"{flag_server.url}/flags", params=PLACE)
    assert answer.json()["value"]["message"] == "back at six"
    assert int(answer.headers["roadworks-snapshot-age"]) >= 3


@pytest.mark.parametrize("left", [None, b"", b"{}", b'{"epoch":1,"version":"x","rows":[{}]}'])
def test_a_start_with_neither_says_that_it_knows_nothing(database_wire: Wire, tmp_path: Path, left: bytes | None) -> None:
    if left is not None:
        (tmp_path / "flags.json").write_bytes(left)
    database_wire.cut()
    server = flag_server_without_knowledge(database_wire, tmp_path)
    try:
        for path in ("/flags", "/healthz", "/stream"):
            answer = httpx.get(f"{server.url}{path}")
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), "never “normal” by ignorance"
        assert httpx.post(f"{server.url}{BULK}/maintenance", json={"context": PLACE}).status_code == 503
    finally:
        server.stop()


def flag_server_without_knowledge(wire: Wire, folder: Path) -> Server:
    return flag_server(wire.dsn, folder, knows_something=False)


def test_a_store_built_anew_is_believed(http: httpx.Client, eventually) -> None:
    from django.db import connection

    set_flag(ENGINE, KEY, Mode.OFFLINE)
    set_flag(ENGINE, KEY, Mode.READ_ONLY)
    eventually(seen(http, 2))
    with connection.cursor() as cursor:
        cursor.execute("truncate flags_flagversion, flags_flag, flags_flagcounter cascade")
    set_flag(ENGINE, KEY, Mode.DEGRADED)
    eventually(seen(http, 1))
    assert http.get("/flags", params=PLACE).json()["value"]["mode"] == "degraded"


def test_reads_need_a_token_where_tokens_are_set(database_wire: Wire, tmp_path: Path, eventually) -> None:
    _, token = commands.register_node(SETUP, service="orders", environment="production", region="eu", name="n1")
    server = flag_server(database_wire.dsn, tmp_path, FLAGS_READ_TOKENS="a-read-token-of-some-length,another-one-that-is-long")
    try:
        with httpx.Client(base_url=server.url, timeout=60) as http:

            def status(raw: str | None, name: str = "Authorization") -> int:
                value = f"Bearer {raw}" if name == "Authorization" else str(raw)
                return http.get("/flags", headers={name: value} if raw is not None else {}).status_code

            assert status(None) == 401
            assert status("another-one-that-is-long") == 200
            assert status("another-one-that-is-long", "X-API-Key") == 200
            assert status(token) == 200
            assert status("wrong") == 401
            _, newer = commands.register_node(SETUP, service="orders", environment="production", region="eu", name="n2")
            assert status(newer) == 200, "known from its first use"
            commands.retire_node(SETUP, queries.nodes("orders")[0].pk)
            eventually(lambda: status(token) == 401)
            database_wire.cut()
            eventually(lambda: http.get("/healthz").json()["stale"])
            assert status("wrong") == 503, "who cannot ask must not send a provider away for good"
            assert status(newer) == 200
            assert http.get("/healthz").status_code == 200
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("environ", "arguments", "named"),
    [
        ({"DATABASE_URL": ""}, [], "DATABASE_URL"),
        ({}, ["--host", "0.0.0.0"], "FLAGS_READ_TOKENS"),
        ({"FLAGS_READ_TOKENS": "short"}, [], "FLAGS_READ_TOKENS"),
        ({"PORTAL_URL": "*"}, [], "PORTAL_URL"),
        ({"FLAGS_MAX_STREAMS": "many"}, [], "FLAGS_MAX_STREAMS"),
    ],
)
def test_insecure_settings_are_refused_by_name(environ: dict, arguments: list[str], named: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "windows.flags.server", "1", *arguments],
        env={"DATABASE_URL": "postgresql://nobody@/nowhere"} | environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 78
    assert done.stderr.startswith(named)


def test_browsers_of_the_portal_may_call(http: httpx.Client) -> None:
    origin = {"Origin": "http://127.0.0.1:8000"}
    asked = http.options(BULK, headers=origin | {"Access-Control-Request-Method": "POST"})
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == "http://127.0.0.1:8000"
    assert "if-none-match" in asked.headers["access-control-allow-headers"]
    read = http.get("/flags", headers=origin)
    assert read.headers["access-control-allow-credentials"] == "true"
    assert "ETag" in read.headers["access-control-expose-headers"]


def test_wrong_paths_and_methods(http: httpx.Client) -> None:
    assert http.get("/nothing").status_code == 404
    assert http.put("/flags").status_code == 405
    assert http.put("/flags").headers["allow"] == "GET"
    assert http.head("/flags").status_code == 200
    assert http.get("/flags", params=PLACE | {"wait": "soon"}).status_code == 400
