"""The http port over TLS: the name is verified although the address was looked up by us; a handshake that hangs ends in time."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from windows.actions.ports import TimedOut, Unreachable
from windows.execution.ports import http
from windows.outbound import exchange
from windows.outbound.limits import Limits

NAME = "shop.example"


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"x" * 300_000  # several TLS records
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("needs the Debian package openssl")
    names = f"-subj /CN={NAME} -addext subjectAltName=DNS:{NAME}"
    order = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -days 2 {names}"
    subprocess.run(order.split(), cwd=tmp_path, check=True, capture_output=True)
    return tmp_path


@pytest.fixture
def site(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")
    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # refused handshakes are meant
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def port(seconds: float = 60) -> http.Http:
    return http.Http(Limits.of(seconds, lambda: False), {}, [NAME, "other.example"], resolver=lambda host, number: ["127.0.0.1"])


def test_the_name_is_verified(site: int, certificate: Path, monkeypatch) -> None:
    monkeypatch.setattr(exchange, "trust", lambda: ssl.create_default_context(cafile=certificate / "certificate.pem"))
    answer = port().request("GET", f"https://{NAME}:{site}/")
    assert (answer.status, len(answer.body)) == (200, 300_000)
    with pytest.raises(Unreachable, match=r"other\.example"):
        port().request("GET", f"https://other.example:{site}/")


def test_a_stranger_is_not_trusted(site: int) -> None:
    with pytest.raises(Unreachable, match=r"(?i)certificate"):
        port().request("GET", f"https://{NAME}:{site}/")


def test_r_a06_a_handshake_that_hangs_ends_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            port(1).request("GET", f"https://{NAME}:{silent.getsockname()[1]}/")
        assert 0.9 <= time.monotonic() - began <= 30, "it would hang for ever"
