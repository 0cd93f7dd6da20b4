"""The alert ledger: what is heard of is tagged with the window it falls into, routed with reasons, told in groups, never muted.

Surprising decision: nothing here suppresses anything. An expected alert becomes a ticket, a withheld one stands in the ledger with the
silence that withheld it, and what still fires when its window ends pages on-call."""
