"""`manage.py prepare_database`: migrate as the owner, then grant the app role what running processes need. Repeatable."""

import os
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections

from portal.checks import refuse_insecure
from portal.grants import grant, is_superuser, role_exists
from portal.settings import database


class Command(BaseCommand):
    help = "Migrate with DATABASE_OWNER_URL, then grant the role of DATABASE_URL what it needs to run."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_insecure()
        self.check()  # once for all processes: a worker starts without
        connection = connections["default"]
        app = str(connection.settings_dict["USER"])
        if owner := os.environ.get("DATABASE_OWNER_URL"):
            connection.close()
            connection.settings_dict.update(database(owner))
        else:
            self.stderr.write("DATABASE_OWNER_URL is not set: one role both owns and runs; only triggers guard the audit trail.")
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        if app == connection.settings_dict["USER"]:
            return
        if not role_exists(connection, app):
            raise CommandError(f'The role of DATABASE_URL does not exist. As a superuser: create role "{app}" login password …')
        if is_superuser(connection, app) and not settings.LOCAL:
            raise CommandError(f'The role of DATABASE_URL, "{app}", is a superuser: no privilege can be kept from it.')
        grant(connection, app)
