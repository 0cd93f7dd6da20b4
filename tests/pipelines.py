"""A small CI-like server as a process of its own: `python tests/pipelines.py PORT`. It runs jobs as real processes, and says what became
of them. A job writes its effect into the folder it is told, so that tests see what was done and not what was answered."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

SCRIPTS = {
    "deploy": "sleep 0.2; touch deployed",
    "reverse": "rm deployed",
    "long": "trap '' INT; sleep 30; touch finished",
    "broken": "exit 3",
}


class Pipelines(BaseHTTPRequestHandler):
    jobs: dict[str, subprocess.Popen[bytes]] = {}
    keys: dict[str, str] = {}
    cancelled: set[str] = set()
    numbers = itertools.count(1)
    honours_keys = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = self.path.strip("/").split("/")
        if parts == ["jobs"]:
            key = self.headers.get("Idempotency-Key", "")
            if self.headers.get("Too-Many"):  # it is refused, and may be asked for again
                return self.say(429, {})
            if key not in self.keys:
                self.keys[key] = str(next(self.numbers))
                script = SCRIPTS[json.loads(body)["script"]]
                self.jobs[self.keys[key]] = subprocess.Popen(["sh", "-c", script], cwd=sys.argv[2])
            if self.headers.get("Lose-Answer"):  # it is begun, and nobody hears of it
                self.connection.close()
                return None
            if self.headers.get("Bad-Gateway"):  # it is begun, and whoever stands between knows nothing of it
                return self.say(502, {})
            return self.say(201, {"job": {"id": int(self.keys[key])}})
        if len(parts) == 3 and parts[2] == "cancel" and parts[1] in self.jobs:
            self.cancelled.add(parts[1])
            self.jobs[parts[1]].terminate()
            return self.say(202, {})
        return self.say(404, {})

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/healthz":
            return self.say(200, {})
        if parts.path == "/jobs":
            job = self.keys.get(unquote(parse_qs(parts.query)["key"][0]))
            return self.say(200, {"jobs": [{"id": job}] if job else []})
        name = parts.path.rpartition("/")[2]
        if name not in self.jobs:
            return self.say(404, {})
        code = self.jobs[name].poll()
        state = "running" if code is None else "canceled" if name in self.cancelled else "failed" if code else "success"
        return self.say(200, {"pipeline": {"status": state}, "number": len(self.jobs)})

    def say(self, status: int, document: object) -> None:
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    Path(sys.argv[2]).mkdir(exist_ok=True)
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Pipelines).serve_forever()
