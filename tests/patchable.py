"""A service as a process of its own, `python tests/patchable.py NAME PORT FOLDER`: its patch level is what FOLDER/level said when it
began. SIGHUP makes it begin anew: what is under way ends first, and its listening socket stays open, so nobody is turned away.

Level 1 has a hole (/files/secret is given away), level 2 has none, level 3 has none either and refuses everybody's token. A NAME that
begins with `reports` runs batch jobs, unless there is a file FOLDER/hold."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NAME, PORT, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
LEVEL = int((FOLDER / "level").read_text())
COUNTED = {"service_requests_total": 0, "service_failures_total": 0, "service_refusals_total": 0}
JOBS = {"jobs_running": 0, "jobs_done_total": 0}


class Service(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/metrics":
            told = {**COUNTED, **(JOBS if NAME.startswith("reports") else {}), "service_patch_level": LEVEL}
            return self.say(200, "".join(f'{name}{{service="{NAME}"}} {value}\n' for name, value in told.items()))
        if self.path == "/files/secret":
            return self.say(200 if LEVEL == 1 else 404, "the secret" if LEVEL == 1 else "no such file")
        COUNTED["service_requests_total"] += 1
        if self.headers.get("Authorization") != "Bearer good" or LEVEL == 3:
            COUNTED["service_refusals_total"] += 1
            COUNTED["service_failures_total"] += 1
            return self.say(401, "who are you?")
        return self.say(200, NAME)

    def say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for what is under way
    request_queue_size = 256


def listening() -> socket.socket:
    if given := os.environ.get("LISTENS"):
        return socket.socket(fileno=int(given))
    made = socket.create_server(("127.0.0.1", PORT), backlog=256)
    made.set_inheritable(True)
    return made


def work(over: threading.Event) -> None:
    while not over.wait(0.05):
        if (FOLDER / "hold").exists():
            continue
        JOBS["jobs_running"] = 1
        time.sleep(0.3)
        JOBS["jobs_running"] = 0
        JOBS["jobs_done_total"] += 1


def main() -> None:
    over = threading.Event()
    signal.signal(signal.SIGHUP, lambda *_: over.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGHUP])
    listener = listening()
    server = Server(("127.0.0.1", PORT), Service, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=os.dup(listener.fileno()))
    serving = threading.Thread(target=server.serve_forever, args=[0.02])
    jobs = threading.Thread(target=work, args=[over], daemon=True)
    serving.start()
    jobs.start()
    while not over.wait(0.2):
        pass
    server.shutdown()
    serving.join()
    server.server_close()
    jobs.join()
    os.set_inheritable(listener.fileno(), True)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])  # one that comes while it begins anew waits until it can be heard
    os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "LISTENS": str(listener.fileno())})


main()
