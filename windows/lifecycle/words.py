"""A mode as people read it: the name of the code stays in code, in the API and in YAML. Pure."""

MODE_WORDS = {"read_only": "read-only"}


def mode_in_words(mode: str) -> str:
    """read_only → read-only; a mode that is one word is its own."""
    return MODE_WORDS.get(mode) or str(mode).replace("_", " ")
