"""Text of which the same content always makes the same bytes: sorted keys, fixed decimals, LF, UTF-8."""

import json
import math
from collections.abc import Mapping

DECIMALS = 6


def canonical(value: object) -> str:
    """JSON on one line; floats have ``DECIMALS`` decimals, never "-0.000000".

    Raises:
        ValueError: a number that is not finite, or a value JSON has no word for.
    """
    if value is None or isinstance(value, bool | str | int):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"record: {value} is not finite; expected a finite number")
        text = f"{value:.{DECIMALS}f}"
        return text[1:] if float(text) == 0.0 and text.startswith("-") else text
    if isinstance(value, Mapping):
        rows = sorted((str(key), item) for key, item in value.items())
        return "{" + ", ".join(f"{canonical(key)}: {canonical(item)}" for key, item in rows) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(canonical(item) for item in value) + "]"
    raise ValueError(f"record: {type(value).__name__} cannot be written; expected JSON values")
