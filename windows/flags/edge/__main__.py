"""Follow a service's flag and keep the nginx in front of it as the flag says.

    FLAGS_NODE_TOKEN=… python -m windows.flags.edge http://127.0.0.1:8001 --service orders --environment production --region eu-west \
        --node edge-1 --folder /etc/nginx/roadworks --probe http://127.0.0.1:80

nginx's http block needs `include /etc/nginx/roadworks/current/*.http.conf;`, the server block of the service
`include /etc/nginx/roadworks/current/orders.server.conf;`. Before its first flag the agent writes files that change nothing.
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import threading
from pathlib import Path

from windows.flags.client import MaintenanceFlag
from windows.flags.edge.configuration import Edge
from windows.flags.edge.nginx import Nginx

PLAIN = re.compile(r"[A-Za-z0-9/._:%-]{1,500}\Z")  # what may stand in nginx's configuration as it is


def plain(text: str) -> str:
    if not PLAIN.match(text):
        raise argparse.ArgumentTypeError("letters, digits and / . _ : % - only")
    return text


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m windows.flags.edge", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("url", help="the flag server")
    for name in ("service", "environment", "region", "node"):
        parser.add_argument(f"--{name}", required=True, type=plain)
    parser.add_argument("--folder", required=True, type=plain, help="the agent's own folder")
    parser.add_argument("--probe", required=True, help="where nginx answers for the service, on this machine")
    parser.add_argument("--nginx", default="nginx", help="the program")
    parser.add_argument("--conf", default="/etc/nginx/nginx.conf")
    parser.add_argument("--pid", default="/run/nginx.pid")
    parser.add_argument("--rate", type=int, default=10, help="requests per second in `throttled`, where the flag names none")
    parser.add_argument("--open", action="append", default=[], type=plain, help="a path that is never refused; may be given again")
    parser.add_argument("--reroute", default="", type=lambda text: text and plain(text), help="where users go in `rerouted`")
    parser.add_argument("--cache", default="", type=lambda text: text and plain(text), help="a folder for answers, used in `degraded`")
    parser.add_argument("--safe-mode", default="read_only")
    parser.add_argument("--max-age", type=float, default=30.0)
    told = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    edge = Edge(told.service, told.rate, tuple(told.open), told.reroute, told.cache)
    nginx = Nginx(edge, Path(told.folder).resolve(), [told.nginx, "-c", told.conf], probe=told.probe, pid=Path(told.pid))
    flag = MaintenanceFlag(
        told.url, os.environ.get("FLAGS_NODE_TOKEN", ""), told.service, told.environment, told.region, told.node,
        safe_mode=told.safe_mode, max_age=told.max_age, on_change=nginx,
    )  # fmt: skip
    with flag:
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
