"""`python -m windows.flags.server PORT [--host ADDRESS]`"""

from __future__ import annotations

import argparse
import os
import sys
from types import FrameType

import uvicorn

from windows.flags.server.app import Application
from windows.flags.server.settings import Refused, settings_from


class Server(uvicorn.Server):
    """uvicorn ends the lifespan only after the last open stream, so the streams are told when the signal comes."""

    application: Application

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.application.board.stop()
        super().handle_exit(sig, frame)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m windows.flags.server", description="Serves the maintenance flags.")
    parser.add_argument("port", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args(arguments)
    try:
        settings = settings_from(os.environ, options.port, options.host)
    except Refused as refused:
        print(refused, file=sys.stderr)  # noqa: T201
        return 78  # EX_CONFIG
    application = Application(settings)
    server = Server(
        uvicorn.Config(
            application,
            host=settings.host,
            port=settings.port,
            http="httptools",
            loop="uvloop",
            ws="none",
            interface="asgi3",
            lifespan="on",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=75,
            backlog=4096,
        )
    )
    server.application = application
    server.run()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
