"""Texts that people write (YAML), read as trees that know where everything stands, and everything that is wrong with them at once. Pure.

Surprising decision: nothing is constructed by a YAML library; an alias bomb or a tag is refused before it costs anything."""
