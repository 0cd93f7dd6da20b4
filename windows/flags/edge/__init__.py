"""The edge agent: turns a service's maintenance flag into configuration of the nginx in front of it. Runs beside nginx, without Django.

configuration (pure: a reading → files), nginx (write, test, reload, prove), __main__ (`python -m windows.flags.edge --help`).

Surprising decision: the receipt is posted only after every worker that still accepts users answers with the new version.
"""
