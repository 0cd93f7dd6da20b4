"""OpenSLO v1 YAML in and out, as the values an objective is defined by. Pure.

Surprising decision: what OpenSLO can say and we could not keep (several objectives in one SLO, raw metrics, ratio timeslices) is refused
with its line, never dropped. What it cannot say (environment, maintenance, a short burn window) stands in annotations of our own prefix.
Source: the README of OpenSLO at aa5cb78.
"""

from windows.catalogue.openslo.reading import Read, read
from windows.catalogue.openslo.writing import write

__all__ = ["Read", "read", "write"]
