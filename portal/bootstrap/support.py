"""Says in one sentence why Roadworks does not run here. Written so that an old Python can still read it."""

import os
import sys

OLDEST = (3, 11)
SYSTEMS = ("linux", "darwin")
MACHINES = ("x86_64", "aarch64", "arm64")


def refuse_unsupported():  # type: () -> None
    """End the process where the interpreter or the platform cannot carry the embedded servers."""
    reason = why_not(sys.version_info[:2], sys.platform, machine(), libc())
    if reason:
        sys.exit(reason)


def why_not(version, system, machine, libc):  # type: (tuple[int, ...], str, str, str) -> str
    """The reason, or an empty text. `libc` counts on Linux only."""
    if tuple(version) < OLDEST:
        return "Roadworks needs Python 3.11 or newer; {} is {}.{}.".format(sys.executable, version[0], version[1])  # noqa: UP032
    if os.environ.get("ROADWORKS_ENVIRONMENT") == "given":  # packages and servers are the operator's
        return ""
    if not system.startswith(SYSTEMS):
        return "Roadworks runs on Linux (and, best effort, macOS); {} is not supported. On Windows use WSL 2.".format(system)  # noqa: UP032
    if machine not in MACHINES:
        return "There is no embedded PostgreSQL for {}; Roadworks runs on x86-64 and aarch64.".format(machine)  # noqa: UP032
    if system.startswith("linux") and libc != "glibc":
        return "The embedded servers need glibc, and this system (musl, as in Alpine?) has none. Use a Debian, Ubuntu or Fedora system."
    return ""


def machine():  # type: () -> str
    return os.uname().machine if hasattr(os, "uname") else "unknown"


def libc():  # type: () -> str
    """`glibc` or the empty text: musl does not know the question."""
    try:
        return "glibc" if (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc") else ""
    except (AttributeError, ValueError, OSError):
        return ""
