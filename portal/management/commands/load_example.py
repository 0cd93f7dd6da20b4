"""`manage.py load_example`: tell the portal about the example shop. Again changes nothing; `manage.py up` calls it."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from examples.shop.data.loading import load_all
from portal.bootstrap.environment import STATE


class Command(BaseCommand):
    help = "Load the example shop: teams, people, services, a past, a plan, and the keys of its programs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--state", type=Path, default=STATE / "shop", help="folder for the keys (default: shop/ in the state folder)")

    def handle(self, *args: Any, **options: Any) -> None:
        for said in load_all(options["state"]):
            if options["verbosity"] > 0:
                self.stdout.write(said)
