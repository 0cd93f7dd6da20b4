"""Run Roadworks: `python3 manage.py up`, `python3 manage.py test`, or any Django command."""

import os
import sys


def main() -> None:
    from portal.bootstrap.environment import enter_environment

    enter_environment()  # returns only inside .venv, with exactly the locked packages
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    match sys.argv[1:2]:
        case ["up"]:
            from portal.bootstrap.up import main as up

            sys.exit(up(sys.argv[2:]))
        case ["test"]:
            import pytest

            sys.exit(pytest.main(sys.argv[2:]))  # which loads portal.bootstrap.testing: see pyproject.toml
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
