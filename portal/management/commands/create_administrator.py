"""`manage.py create_administrator EMAIL NAME`: the first account of an empty portal. Whoever may run it owns the server anyway."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from windows.access.roles import SETUP
from windows.catalogue.commands.people import define_person
from windows.errors import Refused


class Command(BaseCommand):
    help = "Make an administrator's account. The password is asked for, or read from standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("name")
        parser.add_argument("--timezone", default="UTC", help="an IANA name, like Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass("Password (12 characters or more): ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        try:
            person = define_person(
                SETUP, options["email"], options["name"], password=password, timezone=options["timezone"], administrator=True
            )
        except Refused as refusal:
            raise CommandError(refusal.detail) from refusal
        self.stdout.write(f"{person.name} may sign in as {person.email}.")
