"""bfloat16 in languages that lack it: values are floats that were rounded, memory holds 16 bits."""

from __future__ import annotations


def functions(prefix: str, as_bits: str, from_bits: str) -> list[str]:
    """The helper functions, for the words of a dialect that reinterpret a float and its bits.

    Rounding is to the nearest, ties to even: half of the last bit kept is added, and one less
    where that bit is 0. NaNs keep their sign and become quiet.
    """
    return [
        f"{prefix} float bfloat16_value(unsigned short bits) {{",
        f"    return {from_bits}((unsigned int)bits << 16);",
        "}",
        "",
        f"{prefix} unsigned short bfloat16_bits(float x) {{",
        f"    unsigned int bits = {as_bits}(x);",
        "    if ((bits & 0x7fffffffu) > 0x7f800000u)",
        "        return (unsigned short)(bits >> 16 | 0x40u);",
        "    return (unsigned short)(bits + 0x7fffu + (bits >> 16 & 1u) >> 16);",
        "}",
        "",
        f"{prefix} float bfloat16_round(float x) {{",
        "    return bfloat16_value(bfloat16_bits(x));",
        "}",
        "",
    ]
