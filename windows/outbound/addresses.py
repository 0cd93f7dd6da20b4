"""Which network addresses may be reached on behalf of somebody who typed a name. Pure.

`ipaddress.is_global` alone is not enough: it lets multicast, 6to4, NAT64 and Teredo through, each of which can name an inner address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
TUNNELS = [
    ipaddress.ip_network(net)
    for net in (
        "192.88.99.0/24",  # 6to4 relays
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # NAT64, local use
        "::/96",  # IPv4-compatible
        "fec0::/10",  # site-local
    )
]
METADATA = [
    ipaddress.ip_network(net) for net in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32")
]


def plain(address: str) -> Address:
    """The address itself: without its zone, an IPv4 one out of its IPv6 mapping."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return getattr(parsed, "ipv4_mapped", None) or parsed


def is_public(address: str) -> bool:
    """Whether anybody on the Internet could reach the same address: only such may be reached without an allow list."""
    ip = plain(address)
    inside = any(ip in net for net in TUNNELS if net.version == ip.version)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not inside


def is_metadata(address: str) -> bool:
    """Link-local and cloud metadata: reached only where the allow list names the very address."""
    ip = plain(address)
    return ip.is_multicast or ip.is_unspecified or any(ip in net for net in METADATA if net.version == ip.version)


def named(host: str, port: int, allowed: Iterable[str]) -> bool:
    """Whether the allow list has this host, as `host`, `host:port` or `[v6]:port`."""
    host = host.lower().rstrip(".")
    bracketed = f"[{host}]" if ":" in host else host
    return bool({host, bracketed, f"{bracketed}:{port}"} & {entry.lower() for entry in allowed})


def refusal(host: str, port: int, address: str, allowed: Iterable[str]) -> str:
    """Why this address may not be connected to for this host; empty where it may."""
    if named(host, port, allowed):
        literal = host.lower() == address.lower()
        return f"{host} leads to {address}, a link-local or metadata address" if is_metadata(address) and not literal else ""
    return "" if is_public(address) else f"{host} leads to {address}, which is not public; HTTP_ALLOWED_HOSTS does not name {host}"
