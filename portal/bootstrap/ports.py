"""Ports on loopback: whether one is free, and whether somebody answers there."""

import errno
import socket
import urllib.error
import urllib.request
from collections.abc import Callable

from portal.bootstrap.processes import Failed


def check_free(port: int, needed_by: str, base: int) -> None:
    """Failed where `port` cannot be used. Binding is not enough: granian sets SO_REUSEPORT, so a second server would
    silently share the port."""
    with socket.socket() as connection:
        connection.settimeout(0.5)
        taken = connection.connect_ex(("127.0.0.1", port)) == 0
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            taken = taken or error.errno == errno.EADDRINUSE
            if not taken:
                raise Failed(f"Port {port} ({needed_by}) cannot be used: {error.strerror}.") from error
        except OverflowError as error:
            raise Failed(f"There is no port {port}; choose one below 65000.") from error
    if taken:
        raise Failed(f"Port {port} ({needed_by}) is taken by another program. Choose others: manage.py up --port {base + 100}")


def answers(address: str) -> Callable[[], bool]:
    """A question for a child's readiness: does it answer with 200?"""

    def ready() -> bool:
        try:
            with opener.open(address, timeout=2) as response:
                return bool(response.status == 200)
        except (OSError, urllib.error.URLError, ValueError):
            return False

    return ready


opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # HTTP_PROXY is for elsewhere, never for loopback
