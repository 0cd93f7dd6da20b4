"""`manage.py audit verify|head|seal`: check the trail, state where it stands (to be kept elsewhere), seal what waits."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from windows.audit.chain import Head
from windows.audit.commands import seal, sign_head
from windows.audit.verification import verify


class Command(BaseCommand):
    help = "The audit trail: verify its chain, print a signed head to keep elsewhere, seal what waits."

    def add_arguments(self, parser: ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        check = acts.add_parser("verify", help="walk the chain; ends with 1 and names the first broken place")
        check.add_argument(
            "--head", action="append", default=[], type=Path, help="a file that `audit head` wrote, kept elsewhere (repeatable)"
        )
        acts.add_parser(
            "head", help="print a signed statement of where the chain stands; keep it where the database's owner cannot reach it"
        )
        acts.add_parser("seal", help="seal what waits; the worker does so every second")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.act(options)
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {str(error).splitlines()[0]}", returncode=2) from error

    def act(self, options: dict[str, Any]) -> None:
        match options["act"]:
            case "verify":
                self.verify(options["head"])
            case "head":
                seal_all()
                head = sign_head()
                if head is None:
                    raise CommandError("The trail is empty: there is no head to state.")
                self.stdout.write(head.to_json(), ending="")
            case "seal":
                self.stdout.write(f"{seal_all()} sealed")

    def verify(self, files: list[Path]) -> None:
        try:
            exported = [Head.from_json(path.read_text()) for path in files]
        except (OSError, ValueError) as error:
            raise CommandError(f"A head cannot be read: {error}") from error
        begun = time.monotonic()
        report = verify(exported)
        if not report.is_whole:
            where = f"at position {report.position}" if report.position is not None else "outside the chain"
            raise CommandError(f"The trail is broken {where}: {report.why}.", returncode=1)
        heads = f"{report.heads} signed head{'' if report.heads == 1 else 's'}"
        self.stdout.write(
            f"The trail is whole: {report.sealed} entries and {heads} in {time.monotonic() - begun:.1f} s; "
            f"{report.unsealed} wait for the sealer. Digest {report.digest}"
        )


def seal_all() -> int:
    total = 0
    while done := seal():
        total += done
    return total
