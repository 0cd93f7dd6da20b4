"""P-A1: reading 50 flags, 20 kB, token checked, 32 connections: we, a static file of nginx, a Django view, unleash-server if named.

    .venv/bin/python benchmarks/flags_read.py [--rounds 3] [--seconds 3] [--unleash URL --unleash-token TOKEN]

Needs wrk and nginx (Debian: wrk, nginx-light). Rounds are interleaved, medians shown; only the ratios of one run mean anything.
Targets: 304 at least 10x unleash-server's 304 and 0.20x nginx's; 200 at least 15x and 0.25x; p99 at most 0.25x unleash's.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import dataclass, field

from flags_peers import TOKEN, bench

SCRIPT = """done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %.1f %.1f %d\\n", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.status + e.connect + e.read + e.write + e.timeout))
end"""


@dataclass
class Target:
    name: str
    url: str
    headers: dict[str, str]
    status: int = 200
    rates: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    errors: int = 0

    @property
    def rate(self) -> float:
        return statistics.median(self.rates)


def get(url: str, headers: dict[str, str]) -> tuple[int, str, bytes]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.headers.get("ETag", ""), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get("ETag", ""), error.read()


def both(name: str, url: str, headers: dict[str, str]) -> list[Target]:
    """The same address unconditionally, and with the ETag it gave. Each is checked before it is measured."""
    status, etag, _ = get(url, headers)
    known = headers | {"If-None-Match": etag}
    assert status == 200 and etag, f"{name}: {status}, ETag {etag!r}"
    assert get(url, known)[0] == 304, f"{name} has no 304"
    return [Target(f"{name} 200", url, headers), Target(f"{name} 304", url, known, 304)]


def measure(target: Target, seconds: int, script: str, connections: int) -> None:
    headers = [part for name, value in target.headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "--latency", "-s", script, *headers, target.url]
    said = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 30, check=True).stdout
    found = re.search(r"RESULT (\S+) (\S+) (\S+) (\S+) (\S+)", said)
    assert found, said
    requests, micros, p50, p99, errors = map(float, found.groups())
    target.rates.append(requests / micros * 1e6)
    target.p50.append(p50 / 1000)
    target.p99.append(p99 / 1000)
    target.errors += int(errors)


def report(targets: list[Target]) -> None:
    print(f"{'':24} {'req/s':>9} {'p50 ms':>8} {'p99 ms':>8} errors")
    for one in targets:
        print(f"{one.name:24} {one.rate:9.0f} {statistics.median(one.p50):8.2f} {statistics.median(one.p99):8.2f} {one.errors}")
    by_name = {one.name: one for one in targets}
    for status, peers in (("304", {"unleash": 10, "nginx": 0.20, "django": None}), ("200", {"unleash": 15, "nginx": 0.25, "django": None})):
        for peer, wanted in peers.items():
            if f"{peer} {status}" in by_name:
                ours, theirs = by_name[f"roadworks {status}"], by_name[f"{peer} {status}"]
                ratio = statistics.median(a / b for a, b in zip(ours.rates, theirs.rates, strict=True))
                print(f"{status}: {ratio:.2f} x {peer}" + (f"  (target {wanted} x)" if wanted else ""))
    if "unleash 304" in by_name:
        for status in ("304", "200"):
            pair = [statistics.median(by_name[f"{name} {status}"].p99) for name in ("roadworks", "unleash")]
            print(f"{status}: p99 {pair[0] / pair[1]:.2f} x unleash  (target at most 0.25 x)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32, help="10000 is R-D6; needs `ulimit -n 20000`")
    parser.add_argument("--alone", action="store_true", help="without peers")
    parser.add_argument("--unleash", help="an unleash-server with 50 flags, as http://127.0.0.1:4242")
    parser.add_argument("--unleash-token", default="default:development.bench-client-token")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        print("This needs wrk (Debian: wrk).", file=sys.stderr)
        return 2
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script, bench() as here:
        script.write(SCRIPT)
        script.flush()
        mine = {"Authorization": f"Bearer {TOKEN}"}
        assert get(f"{here.flags_url}/flags", {})[0] == 401, "the token is not checked"
        body = get(f"{here.flags_url}/flags", mine)[2]
        print(f"{len(body)} bytes")
        targets = both("roadworks", f"{here.flags_url}/flags", mine)
        if not options.alone:
            if nginx := here.start_nginx(body):
                targets += both("nginx", nginx, {})
            targets += both("django", here.start_django(), {})
        if options.unleash:
            targets += both("unleash", f"{options.unleash}/api/client/features", {"Authorization": options.unleash_token})
        for number in range(options.rounds):
            turn = number % len(targets)
            for target in targets[turn:] + targets[:turn]:
                measure(target, options.seconds, script.name, options.connections)
        report(targets)
        return 1 if any(target.errors for target in targets if target.status == 200) else 0


if __name__ == "__main__":
    sys.exit(main())
