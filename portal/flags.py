"""The flag server as production starts it: `python -m portal.flags 8001`. Refuses what portal/checks.py refuses."""

import runpy

from portal.checks import refuse_insecure

if __name__ == "__main__":
    refuse_insecure()
    runpy.run_module("windows.flags.server", run_name="__main__")
