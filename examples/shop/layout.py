"""Names that the shop's processes and the data about them share. Plain constants: no import, no cost."""

from __future__ import annotations

SERVICES = ("orders", "baskets")  # what one replica serves, each with a maintenance flag of its own
REPLICAS = (("shop-1", "eu-west"), ("shop-2", "eu-west"), ("shop-3", "eu-north"))
ENVIRONMENT = "production"
KINDS = ("read", "write")
SERIES = tuple(f"{service}-{what}" for service in SERVICES for what in ("reads", "writes", "served"))
SECRETS = "shop.json"  # in the state folder, mode 0600: {"push": token, "nodes": {service: {replica: token}}}
BACKUPS = "backups"  # in the state folder, mode 0700: dumps of the shop's database
TOKENS = "tokens.json"  # in the state folder, mode 0600: {e-mail address: API token}


def load_port(first_port: int) -> int:
    """Where the load generator tells what it saw; the replicas have the ports before it."""
    return first_port + len(REPLICAS)
