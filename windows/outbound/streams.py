"""A network backend for httpcore that connects only to checked addresses and obeys one deadline and one stop signal.

It resolves the name itself and connects to the very address it checked: a name that answers differently the second time (DNS
rebinding) changes nothing. A peer that drips a byte a second does not lengthen the exchange.
"""

from __future__ import annotations

import os
import queue
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from windows.actions.ports import NotAllowed, Unreachable
from windows.outbound.addresses import refusal
from windows.outbound.limits import Limits

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system sees them (`127.1` and `0x7f.1` are 127.0.0.1 for it too)."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_within(limits: Limits, resolver: Resolve, host: str, port: int) -> Sequence[str]:
    """The system's resolver knows no deadline: it is asked from a thread, which is left behind if it hangs."""
    answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolver(host, port))
        except OSError as error:
            answers.put(error)
        except UnicodeError as error:  # a label of 64 characters, say
            answers.put(OSError(str(error)))

    threading.Thread(target=ask, daemon=True, name=f"resolve {host}").start()
    while True:
        try:
            answer = answers.get(timeout=limits.check(f"Looking up {host}"))
        except queue.Empty:
            continue
        if isinstance(answer, OSError):
            raise Unreachable(f"{host} cannot be looked up: {answer.strerror or answer}")
        return answer


class Stream(httpcore.NetworkStream):
    def __init__(self, sock: socket.socket, limits: Limits, peer: str) -> None:
        self.sock, self.limits, self.peer = sock, limits, peer

    def sliced(self, act: Callable[[], Any]) -> Any:
        """Try until it works, in slices."""
        while True:
            self.sock.settimeout(self.limits.check(f"The exchange with {self.peer}"))
            try:
                return act()
            except (TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except OSError as error:
                raise Unreachable(f"{self.peer}: {error.strerror or error}")

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return bytes(self.sliced(lambda: self.sock.recv(max_bytes)))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        while view:
            view = view[self.sliced(lambda v=view: self.sock.send(v)) :]  # type: ignore[misc]

    def close(self) -> None:
        self.sock.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        wrapped = ssl_context.wrap_socket(self.sock, server_hostname=server_hostname, do_handshake_on_connect=False)
        stream = Stream(wrapped, self.limits, self.peer)
        try:
            stream.sliced(wrapped.do_handshake)
        except BaseException:
            wrapped.close()  # the plain socket was detached by wrapping: nobody else would
            raise
        return stream

    def get_extra_info(self, info: str) -> Any:
        known = {
            "socket": self.sock,
            "server_addr": self.sock.getpeername,
            "ssl_object": self.sock if isinstance(self.sock, ssl.SSLSocket) else None,
        }
        if info == "is_readable":
            return bool(select.select([self.sock], [], [], 0)[0])
        found = known.get(info)
        return found() if callable(found) else found


class GuardedBackend(httpcore.NetworkBackend):
    def __init__(self, limits: Limits, allowed: Iterable[str], resolver: Resolve = resolve) -> None:
        self.limits, self.allowed, self.resolver = limits, frozenset(allowed), resolver

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """Every address of the name must be allowed: one bad among them refuses the host. The first that answers is used."""
        addresses = resolve_within(self.limits, self.resolver, host, port)
        for address in addresses:
            if why := refusal(host, port, address, self.allowed):
                raise NotAllowed(why)
        trouble = "it has no address"
        for address in addresses:
            try:
                return Stream(self.connect(address, port), self.limits, f"{host}:{port}")
            except OSError as error:
                trouble = error.strerror or str(error)
        raise Unreachable(f"{host}:{port}: {trouble}")

    def connect(self, address: str, port: int) -> socket.socket:
        sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            sock.connect_ex((address, port))
            while not select.select([], [sock], [], self.limits.check(f"Connecting to {address}"))[1]:
                pass
            if code := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                raise OSError(code, os.strerror(code))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            sock.close()
            raise
        return sock

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> httpcore.NetworkStream:
        raise NotAllowed("Unix sockets may not be reached from here.")
