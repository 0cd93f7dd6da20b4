"""Recurrence by RFC 5545, bounded. Pure: rules are read and refused here, and told as wall-clock times and moments.

Surprising decision: our own evaluator, because its work is counted. The libraries look for a 30th of February for ever.
"""

from windows.scheduling.recurrence.occurrences import Occurrence, Recurrence, localised, occurrences, read
from windows.scheduling.recurrence.rules import MOST_INSTANCES, Rule, parse_rule
from windows.scheduling.recurrence.splitting import after, before

__all__ = ["MOST_INSTANCES", "Occurrence", "Recurrence", "Rule", "after", "before", "localised", "occurrences", "parse_rule", "read"]
