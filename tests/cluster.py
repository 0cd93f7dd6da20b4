"""A small cluster as a process of its own, `python tests/cluster.py PORT`: an API server, nodes with room for ROOM pods, a scheduler that
finds another place for what is evicted, and pods that serve real requests. What is moved answers what is under way first.

POST /deployments is what people roll out; POST /order?… is what an administrator does (see `Cluster`); GET /endpoints says where users go.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ROOM, GRACE = 4, 20
SHAKY = 13  # a version whose controllers do not stay up


class Answering(BaseHTTPRequestHandler):
    def say(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


class PodHandler(Answering):
    def do_GET(self) -> None:
        time.sleep(0.05)
        self.say(200, "served")


class Pod(ThreadingHTTPServer):
    daemon_threads, request_queue_size = False, 128  # closing waits for what is under way

    def __init__(self, node: str) -> None:
        super().__init__(("127.0.0.1", 0), PodHandler)
        self.node = node
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()

    def end(self) -> None:
        time.sleep(GRACE)  # who has just been told this address may still come
        self.shutdown()
        self.server_close()


class Cluster:
    def __init__(self) -> None:
        self.lock, self.pods = threading.Lock(), list[Pod]()
        self.reset({"pods": "6", "incompatible": "0"})

    def reset(self, said: dict[str, str]) -> None:
        """Three nodes of version 30 with so many pods; `incompatible` objects are of kinds that version 31 no longer serves.

        With `helped`, somebody brings what does not stay up to that version just before anybody asks which it has."""
        for pod in self.pods:
            threading.Thread(target=pod.end).start()
        self.versions = {"control-plane": 30, "node-1": 30, "node-2": 30, "node-3": 30}
        self.cordoned, self.leaving, self.blocked = set[str](), set[str](), False
        self.counted = dict.fromkeys(("apiserver_requests_total", "apiserver_errors_total", "scheduler_unschedulable_total"), 0)
        self.counted["controller_restarts_total"] = 0
        self.incompatible, self.wanted, self.rolled_out = int(said["incompatible"]), int(said["pods"]), 0
        self.helped = int(said.get("helped", "0"))
        self.pods = [Pod(self.nodes[n % 3]) for n in range(self.wanted)]

    @property
    def nodes(self) -> list[str]:
        return [name for name in self.versions if name != "control-plane"]

    def obey(self, verb: str, said: dict[str, str]) -> str:
        """What there is to say about it."""
        with self.lock:
            match verb, said.get("name", ""):
                case "version", name:
                    if self.helped and self.versions[name] == SHAKY:
                        self.versions[name] = self.helped
                    return f"1.{self.versions[name]}"
                case "reset", _:
                    self.reset(said)
                case (("block" | "allow"), _):
                    self.blocked = verb == "block"
                case "cordon", name:
                    self.cordoned.add(name)
                case "uncordon", name:
                    self.cordoned.discard(name)
                    self.leaving.discard(name)
                case "evict", name:
                    self.leaving.add(name)
                case "upgrade", name if name == "control-plane" or not self.on(name):
                    self.versions[name] = int(said["version"])
                case _:
                    raise ValueError(f"{verb} {said} cannot be done now")
        return "done"

    def on(self, node: str) -> list[Pod]:
        return [pod for pod in self.pods if pod.node == node]

    def schedule(self) -> None:
        """One pod at a time: the next one is there before the one that leaves is gone."""
        while True:
            time.sleep(0.05)
            with self.lock:
                if self.versions["control-plane"] == SHAKY:
                    self.counted["controller_restarts_total"] += 1
                pod = next((pod for pod in self.pods if pod.node in self.leaving), None)
                if pod is None:
                    continue
                free = [node for node in self.nodes if node not in self.cordoned and len(self.on(node)) < ROOM]
                if not free:
                    self.counted["scheduler_unschedulable_total"] += 1
                    continue
                self.pods = [*(other for other in self.pods if other is not pod), Pod(min(free, key=lambda node: len(self.on(node))))]
            threading.Thread(target=pod.end).start()

    def metrics(self) -> str:
        with self.lock:
            told: dict[str, float] = dict(self.counted)
            told["apiserver_unserved_objects"] = self.incompatible
            told["apiserver_version"] = self.versions["control-plane"]
            told["deployments_blocked"] = int(self.blocked)
            for node in self.nodes:
                told[f'kubelet_running_pods{{node="{node}"}}'] = len(self.on(node))
                told[f'kubelet_version{{node="{node}"}}'] = self.versions[node]
                told[f'kube_node_unschedulable{{node="{node}"}}'] = int(node in self.cordoned)
        return "".join(f"{name} {value}\n" for name, value in told.items())


class Api(Answering):
    cluster: Cluster

    def do_GET(self) -> None:
        if self.path == "/metrics":
            return self.say(200, self.cluster.metrics())
        if self.path == "/endpoints":
            with self.cluster.lock:
                self.cluster.counted["apiserver_requests_total"] += 1
                return self.say(200, json.dumps([pod.server_address[1] for pod in self.cluster.pods]))
        return self.say(404, "")

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/deployments":
            with self.cluster.lock:
                self.cluster.rolled_out += not self.cluster.blocked
                return self.say(403 if self.cluster.blocked else 201, "")
        said = dict(parse_qsl(parts.query))
        try:
            return self.say(200, self.cluster.obey(said.pop("verb"), said))
        except (ValueError, KeyError) as error:
            return self.say(409, str(error))


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256


def main() -> None:
    Api.cluster = Cluster()
    threading.Thread(target=Api.cluster.schedule, daemon=True).start()
    Server(("127.0.0.1", int(sys.argv[1])), Api).serve_forever()


main()
