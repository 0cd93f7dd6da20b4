"""The limits of one call of an action: the same as those of any exchange."""

from windows.outbound.limits import SLICE, Limits

__all__ = ["SLICE", "Limits"]
