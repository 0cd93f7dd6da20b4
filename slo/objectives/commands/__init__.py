"""Verbs of objectives: define one, write down an adjustment."""

from slo.objectives.commands.adjusting import excuse, give_back
from slo.objectives.commands.defining import FIELDS, Definition, define
from slo.objectives.commands.slicing import next_to_slice, slice_next

__all__ = ["FIELDS", "Definition", "define", "excuse", "give_back", "next_to_slice", "slice_next"]
