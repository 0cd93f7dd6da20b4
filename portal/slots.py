"""The sheet of places: a strict policy refuses style attributes, so a place on a time axis is one of these classes."""

HEAD = """/* Made by portal/slots.py, held by a test; do not edit. Places on a time axis: a column is 288 slots wide whatever it lasts.
   x begin, w length, d whole columns more, r room for bar and label (twenty-fourths of a column), c column, n columns,
   y row inside a lane, k rows of a lane, p per cent. */
"""
PLACES = {"x": range(288), "w": range(289), "d": range(1, 32), "r": range(1, 241), "c": range(2, 33), "n": range(5, 32), "y": range(13),
          "k": range(1, 14), "p": range(101)}  # fmt: skip


SPOKEN = {"r": "room", "c": "at"}  # --r is the radius of corners, --c the colour of a state


def sheet() -> str:
    return HEAD + "".join(
        "".join(f".{name}-{n}{{--{SPOKEN.get(name, name)}:{n}}}" for n in values) + "\n" for name, values in PLACES.items()
    )
