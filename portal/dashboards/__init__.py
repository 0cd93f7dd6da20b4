"""Three boards over what is stored: executive (ten seconds, one printed page), on-call (a wall screen), debug (every point's evidence).

They compose the query layers of windows and slo and translate; nothing is decided here. A panel whose data does not exist yet is
absent; a figure that cannot be known is said to be unknown. Every panel has an address of its own, and its chart's data as CSV there.
"""
