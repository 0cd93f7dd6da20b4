"""What became of windows: the measures M1–M10, each with its target, its trend and the windows behind it.

Words: a *measure* is a definition with a target; what a run *counts* for it is a part and a whole; *unknown* is a value, never zero.
Surprising decision: nothing is stored. A measure is counted from the runs, the trail and the measurements each time it is asked for.
"""
