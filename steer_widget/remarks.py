"""What was measured on a cell, in a few words to stand below its text."""

from __future__ import annotations

from .protocol import Flag, Measures


def flag_words(measures: Measures) -> list[str]:
    """Reasons for distrust, in words."""
    return [_flag_word(flag, measures) for flag in measures.flags]


def figures(measures: Measures) -> list[str]:
    """How far the text is from the unsteered model's, as far as it was measured."""
    found = []
    if measures.kl_mean is not None:
        found.append(f"KL {_short(measures.kl_mean)}")
    if measures.perplexity is not None:
        found.append(f"perplexity {_short(measures.perplexity)}")
    return found


def _flag_word(flag: Flag, measures: Measures) -> str:
    if flag == "over_steered":
        return "over-steered" + ("" if measures.dose is None else f" (dose {measures.dose:.2g})")
    return flag


def _short(number: float) -> str:
    """Three digits, without an exponent where a person can read it."""
    return f"{number:.0f}" if 100 <= number < 1e6 else f"{number:.3g}"
