"""Values and calls as Python text, laid out as a formatter would: on one line where they fit, else item by item."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

import msgspec

MAX_WIDTH = 100
_INDENT = "    "
_BASE64_CHARS = 76


class Call(msgspec.Struct, frozen=True):
    """A call: its head as it is written, then positional and named arguments."""

    head: str
    args: tuple[Code, ...] = ()
    named: Mapping[str, Code] = {}


class Listed(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Code, ...]


class Keyed(msgspec.Struct, frozen=True):
    """A dict whose keys are text."""

    items: Mapping[str, Code]


Code = str | Call | Listed | Keyed
"""Python text: written out already, or to be laid out."""


def number(value: float) -> str:
    """A number that reads back as the same float, whole ones without their point."""
    whole = value.is_integer() and abs(value) < 1e15
    return repr(int(value)) if whole and value else repr(float(value))


def quoted(text: str) -> str:
    """A text in double quotes, where it has none itself."""
    written = repr(text)
    return f'"{written[1:-1]}"' if written.startswith("'") and '"' not in text else written


def values(items: Iterable[float]) -> Listed:
    """A list of numbers."""
    return Listed(tuple(map(number, items)))


def decoded_base64(values: bytes) -> Call:
    """Bytes as the call that decodes them, in lines of `base64`'s own length."""
    text = base64.b64encode(values).decode()
    pieces = [f'"{text[at : at + _BASE64_CHARS]}"' for at in range(0, len(text), _BASE64_CHARS)]
    return Call("base64.b64decode", ("\n".join(pieces),))


def statement(target: str, value: Code) -> str:
    """An assignment, or a line of its own where the target is empty."""
    head = f"{target} = " if target else ""
    return head + laid_out(value, first=len(head), rest=0)


def laid_out(code: Code, *, first: int, rest: int) -> str:
    """The text of `code`.

    Args:
        code: what to write.
        first: characters that stand before it on its first line.
        rest: how deep the block is indented in which it stands.
    """
    line = _on_one_line(code)
    if isinstance(code, str):
        return code.replace("\n", "\n" + " " * rest)
    if "\n" not in line and first + len(line) + 1 <= MAX_WIDTH:  # a comma may follow
        return line
    opening, items, closing = _parts(code)
    if not items:
        return line
    inner = rest + len(_INDENT)
    body = []
    for name, item in items:
        text = laid_out(item, first=inner + len(name), rest=inner)
        # Adjacent texts are one argument: a formatter puts no comma behind what it hugs.
        is_only_text = len(items) == 1 and isinstance(item, str) and "\n" in item
        body.append(f"{' ' * inner}{name}{text}{'' if is_only_text else ','}")
    return "\n".join((opening, *body, " " * rest + closing))


def _on_one_line(code: Code) -> str:
    if isinstance(code, str):
        return code
    opening, items, closing = _parts(code)
    return opening + ", ".join(name + _on_one_line(item) for name, item in items) + closing


def _parts(code: Call | Listed | Keyed) -> tuple[str, list[tuple[str, Code]], str]:
    if isinstance(code, Call):
        named = [(f"{name}=", value) for name, value in code.named.items()]
        return f"{code.head}(", [*(("", value) for value in code.args), *named], ")"
    if isinstance(code, Keyed):
        return "{", [(f"{quoted(key)}: ", value) for key, value in code.items.items()], "}"
    return "[", [("", item) for item in code.items], "]"
