"""The example system beside the portal: its database, its data, its processes (examples/shop/processes.py says which)."""

import importlib.util
import sys
from urllib.parse import urlsplit

from portal.bootstrap.environment import ROOT, STATE
from portal.bootstrap.local import EXAMPLE_DATABASE
from portal.bootstrap.ports import answers
from portal.bootstrap.postgres import Cluster
from portal.bootstrap.processes import Child, Failed

FOLDER = ROOT / "examples" / "shop"
LOADER = "management/commands/load_example.py"


def is_there() -> bool:
    return (FOLDER / "processes.py").exists()


def can_load() -> bool:
    """Whether some app brings the command `load_example`."""
    return any(path for package in ("portal", "examples", "examples/*") for path in ROOT.glob(f"{package}/{LOADER}"))


def prepare_database(cluster: Cluster) -> None:
    cluster.create_role(EXAMPLE_DATABASE)
    cluster.create_database(EXAMPLE_DATABASE, owner=EXAMPLE_DATABASE)


def children(portal_url: str, flags_url: str, first_port: int) -> list[Child]:
    """Not vital: a broken example must not take the portal down."""
    if not is_there():
        return []
    spec = importlib.util.spec_from_file_location("example_processes", FOLDER / "processes.py")
    if spec is None or spec.loader is None:
        raise Failed(f"Cannot read {FOLDER / 'processes.py'}.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    told = module.children(sys.executable, portal_url, flags_url, STATE / "shop", first_port)
    return [
        Child(name, command, environ=environ, ready=answers(health) if health else lambda: True, vital=False, health=health)
        for name, command, environ, health in told
    ]


def has_keys() -> bool:
    """Whether its tokens are where its processes look for them: somebody may have cleared the folder."""
    return all((STATE / "shop" / name).exists() for name in ("shop.json", "tokens.json"))


def ports(children: list[Child]) -> dict[int, str]:
    """The ports they will listen on, by their health addresses."""
    found = {urlsplit(child.health).port: child.name for child in children if child.health}
    return {port: name for port, name in found.items() if port}


def log_ins() -> str:
    try:
        return (FOLDER / "logins.txt").read_text().strip()
    except OSError:
        return ""
