"""Run Roadworks: `python3 manage.py up`, `python3 manage.py test`, or any Django command."""

import os
import sys


def main() -> None:
    from portal.bootstrap import support

    support.refuse_unsupported()  # first, and in syntax that any Python 3 can read
    from portal.bootstrap.environment import enter_environment, use_local_settings

    enter_environment()  # returns only inside .venv, with exactly the locked packages
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command == "up":
        from portal.bootstrap.up import main as up

        sys.exit(up(sys.argv[2:]))
    if command == "test":
        import pytest

        sys.exit(pytest.main(sys.argv[2:]))  # which loads portal.bootstrap.testing: see pyproject.toml
    if command in {"", "help", "-h", "--help"} and len(sys.argv) < 3:
        sys.stdout.write("Roadworks:\n    up      everything on this machine, with a live example\n    test    all tests\n\n")
    from django.core.management import execute_from_command_line

    use_local_settings()  # so that `manage.py shell` or `manage.py audit verify` speak to the portal that `up` runs
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
