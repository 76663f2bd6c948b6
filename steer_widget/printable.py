"""Texts made safe to show: generated text is data, never commands for a terminal."""

from __future__ import annotations

import unicodedata

_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)} | {0x7F: "\u2421"}
"""Control characters by the pictures Unicode has for them; tab and line feed stay."""

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """The text with terminal escapes and direction marks made visible instead of obeyed."""
    text = text.replace("\r\n", "\n").translate(_PICTURES)
    return "".join(_shown(char) for char in text)


def _shown(char: str) -> str:
    if char in _BIDI or (unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\n"):
        return f"\\u{ord(char):04x}"
    return char


def shortened(text: str, n_chars: int = 80) -> str:
    """The text on one line, its end left out where it is long."""
    line = " ".join(text[: 2 * n_chars].split())
    return line if len(line) <= n_chars and len(text) <= 2 * n_chars else f"{line[: n_chars - 1]}…"


def width(text: str) -> int:
    """Columns of a terminal that the text takes."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def wrap(text: str, columns: int) -> list[str]:
    """Lines of at most `columns` columns, broken at spaces where possible; at least one line."""
    return [line for part in printable(text).expandtabs(4).split("\n") for line in _wrap_line(part, columns)]


def _wrap_line(line: str, columns: int) -> list[str]:
    lines: list[str] = []
    current, taken, last_space = "", 0, -1
    for char in line:
        step = _char_width(char)
        if taken + step > columns and current:
            if char == " ":
                lines.append(current)
                current, taken, last_space = "", 0, -1
                continue
            head, rest = (
                (current[:last_space], current[last_space + 1 :]) if last_space > 0 else (current, "")
            )
            lines.append(head)
            current, taken, last_space = rest, width(rest), rest.rfind(" ")
        if char == " ":
            last_space = len(current)
        current += char
        taken += step
    return [*lines, current]
