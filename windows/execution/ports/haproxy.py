"""HAProxy's admin socket: what its servers do now, and the three commands that change it. One connection a command; bounded."""

from __future__ import annotations

import csv
import re
import select
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from windows.actions.ports import NotAllowed, Rejected, Unreachable
from windows.execution.ports.limits import Limits

NAME = re.compile(r"[A-Za-z0-9_.:-]{1,100}\Z")  # what may stand in a command: a space or a semicolon would begin another
LARGEST = 4 * 1024 * 1024
MAINTENANCE, DRAINING = 0x01 | 0x02 | 0x04 | 0x20, 0x08 | 0x10  # bits of srv_admin_state: own and inherited


@dataclass(frozen=True, slots=True)
class Server:
    state: str  # ready, drain or maint: what was said to it
    weight: int
    is_up: bool  # by its health check; one that is not checked counts as up
    sessions: int


class HAProxy:
    """`address` is `unix:///path` or `tcp://host:port`, of a socket of level admin."""

    def __init__(self, name: str, address: str, limits: Limits) -> None:
        if not address:
            raise NotAllowed(f"There is no balancer “{name}”: set BALANCER_{name.replace('-', '_').upper()}.")
        self.name, self.address, self.limits = name, urlsplit(address), limits

    def servers(self, backend: str) -> dict[str, Server]:
        """Every server of a backend; Rejected where there is no such backend."""
        lines = self.ask(f"show servers state {worded(backend)}").splitlines()
        if len(lines) < 2 or not lines[1].startswith("#"):
            raise Rejected(f"{self.name} knows no backend {backend}: {' '.join(lines)[:200]}")
        names = lines[1].removeprefix("# ").split()
        sessions = self.sessions(backend)
        found = {}
        for line in lines[2:]:
            row = dict(zip(names, line.split(), strict=False))
            if row.get("be_name") == backend:
                found[row["srv_name"]] = server_of(row, sessions.get(row["srv_name"], 0))
        return found

    def sessions(self, backend: str) -> dict[str, int]:
        """How many sessions each server of the backend has now."""
        text = self.ask("show stat").removeprefix("# ").strip()
        rows = [row for row in csv.DictReader(text.splitlines()) if row["pxname"] == backend]
        return {row["svname"]: int(row["scur"] or 0) for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")}

    def set_state(self, backend: str, server: str, state: str) -> None:
        self.tell(f"set server {worded(backend)}/{worded(server)} state {state}")

    def set_weight(self, backend: str, server: str, weight: int) -> None:
        self.tell(f"set server {worded(backend)}/{worded(server)} weight {weight}")

    def tell(self, command: str) -> None:
        """A command that answers nothing when it has worked."""
        if said := self.ask(command).strip():
            raise Rejected(f"{self.name}: {said[:200]}")

    def ask(self, command: str) -> str:
        answer = bytearray()
        try:
            with self.connected() as connection:
                connection.sendall(f"{command}\n".encode())
                while chunk := self.read(connection):
                    answer += chunk
                    if len(answer) > LARGEST:
                        raise Rejected(f"{self.name} answers more than {LARGEST // 1024} KiB.")
        except OSError as error:
            raise Unreachable(f"{self.name}: {error.strerror or error}")
        return answer.decode(errors="replace")

    def connected(self) -> socket.socket:
        where = self.address
        family, address = (socket.AF_UNIX, where.path) if where.scheme == "unix" else (socket.AF_INET, (where.hostname, where.port))
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            connection.settimeout(max(0.1, min(2.0, self.limits.left)))
            connection.connect(address)
        except BaseException:
            connection.close()
            raise
        return connection

    def read(self, connection: socket.socket) -> bytes:
        while not select.select([connection], [], [], self.limits.check(f"The answer of {self.name}"))[0]:
            pass
        return connection.recv(65536)


def worded(name: str) -> str:
    if not NAME.match(name):
        raise Rejected(f"{name!r:.120} is no name of a backend or server.")
    return name


def server_of(row: dict[str, str], sessions: int) -> Server:
    admin = int(row["srv_admin_state"])
    state = "maint" if admin & MAINTENANCE else "drain" if admin & DRAINING else "ready"
    # 2 is running. In drain or maintenance the operational state says nothing about health, so the last check's result does.
    is_checked = int(row.get("srv_check_state", "0")) & 0x02 == 0x02 or int(row.get("srv_check_status", "0")) > 1
    is_up = int(row["srv_op_state"]) >= 1 or (state != "ready" and (not is_checked or int(row["srv_check_result"]) >= 3))
    return Server(state, int(row["srv_uweight"]), is_up, sessions)
