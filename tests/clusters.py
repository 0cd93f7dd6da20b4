"""The cluster of tests/cluster.py as a child, the program that steers it, and the users of what runs in it."""

from __future__ import annotations

import http.client
import itertools
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from portal.bootstrap.processes import Child
from tests.servers import Server, folder, free_ports, listens, remove

PROGRAM = Path(__file__).with_name("cluster.py")
KUBE = """#!{python}
import sys, urllib.error, urllib.request
verb, *rest = sys.argv[1:]
told = urllib.request.Request("http://127.0.0.1:{port}/order?" + "&".join(["verb=" + verb, *rest]), method="POST")
try:
    with urllib.request.build_opener(urllib.request.ProxyHandler({{}})).open(told, timeout=120) as answer:
        print(answer.read().decode())
except urllib.error.HTTPError as error:
    sys.exit(error.read().decode())
"""


def asked(port: int, method: str, path: str) -> tuple[int, str]:
    """Status and text of one answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Cluster:
    def __init__(self) -> None:
        base, _ = folder("cluster")
        self.port = free_ports(1)[0]
        child = Child("cluster", [sys.executable, str(PROGRAM), str(self.port)], ready=listens(self.port))
        self.server = Server("", base, child)
        self.failed: list[str] = []
        self.deployments: list[int] = []
        self.turns = itertools.count()

    def order(self, verb: str, **said: object) -> None:
        status, text = asked(self.port, "POST", f"/order?{urlencode({'verb': verb, **said})}")
        assert status == 200, text

    def prepare(self, pods: int = 6, incompatible: int = 0, helped: int = 0) -> None:
        self.order("reset", pods=pods, incompatible=incompatible, helped=helped)
        self.failed.clear()
        self.deployments.clear()

    def commands(self, folder: Path) -> Path:
        (folder / "kube").write_text(KUBE.format(python=sys.executable, port=self.port))
        (folder / "kube").chmod(0o755)
        return folder

    def measured(self) -> dict[str, float]:
        lines = asked(self.port, "GET", "/metrics")[1].splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}

    def versions(self) -> list[float]:
        """Of the control plane, and of each node."""
        found = self.measured()
        return [found["apiserver_version"], *(value for name, value in sorted(found.items()) if name.startswith("kubelet_version"))]

    def use(self) -> None:
        """One user's request, to the pod whose turn it is."""
        try:
            ports = json.loads(asked(self.port, "GET", "/endpoints")[1])
            status, _ = asked(ports[next(self.turns) % len(ports)], "GET", "/")
            if status != 200:
                self.failed.append(str(status))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.failed.append(repr(error))

    def deploy(self) -> None:
        """A pipeline that rolls out; what it is answered."""
        self.deployments.append(asked(self.port, "POST", "/deployments")[0])


@contextmanager
def cluster() -> Iterator[Cluster]:
    made = Cluster()
    try:
        yield made
    finally:
        remove(made.server)
