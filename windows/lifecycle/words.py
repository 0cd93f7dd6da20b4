"""Modes and counts as people read them: the names of the code stay in code, in the API and in YAML. Pure."""

MODE_WORDS = {"read_only": "read-only"}


def mode_in_words(mode: str) -> str:
    """read_only → read-only; a mode that is one word is its own."""
    return MODE_WORDS.get(mode) or str(mode).replace("_", " ")


def counted(number: float, noun: str, many: str = "") -> str:
    """1 node, 3 nodes, 1.5 hours; `many` where it is no noun with an s."""
    return f"{number if isinstance(number, int) else f'{number:g}'} {noun if number == 1 else many or noun + 's'}"
