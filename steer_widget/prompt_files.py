"""Prompts from files of text, tables and JSON, read with distrust: an error names the line and what is allowed there."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from .errors import InvalidInput, MissingPath
from .prompt_tables import table_prompts
from .spec import Message, Prompt, check_prompt

MAX_PROMPTS: Final = 10_000
MAX_FILE_BYTES: Final = 20_000_000
ENDINGS: Final = (".txt", ".csv", ".tsv", ".jsonl", ".ndjson", ".json")
KEYS: Final = ("prompt", "text", "content", "question", "instruction", "input")
"""Names that a prompt may have in a table's head or in a JSON object; the first that is there counts."""

_SHAPES = "text, an object with prompt, text or content, or chat messages {'role': …, 'content': …}"
_NEW_LINE = re.compile(r"\r\n|\n|\r")

Found = tuple[int, object]
"""Number of a line, 1-based, and what stands there."""


def read_prompts(path: str | Path) -> list[Prompt]:
    """The prompts in a file, whose ending tells how it is read.

    ``.txt``: each line that is not empty. ``.csv``, ``.tsv``: a column called prompt or text, or the first one;
    quoted cells keep their lines. ``.jsonl``: a prompt in each line, ``.json``: a list of them; each is text, an
    object with prompt, text or content, or a chat, as a list of messages or an object with messages. At most 10,000
    prompts and 20 MB; UTF-8, or UTF-16 with its mark.

    Args:
        path: the file.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it is none of these; names the line and what is allowed.
    """
    source = Path(path).expanduser()
    _check_ending(source.name)
    try:
        with source.open("rb") as file:
            body = file.read(MAX_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise MissingPath(
            "path", str(source), "a file of prompts that can be read", hint=str(error)
        ) from error
    _check_size(source.name, len(body))
    return parse_prompts(source.name, _decoded(source.name, body))


def parse_prompts(name: str, content: str) -> list[Prompt]:
    """The prompts in what a file holds; `name` is the file's, whose ending tells how it is read.

    Raises:
        InvalidInput: as `read_prompts`.
    """
    ending = _check_ending(name)
    _check_size(name, len(content.encode("utf-8", "surrogatepass")))
    content = content.removeprefix("\ufeff")
    prompts: list[Prompt] = []
    for line, value in _values(name, ending, content):
        if len(prompts) == MAX_PROMPTS:
            raise InvalidInput(
                f"line {line} of {name}", f"prompt {MAX_PROMPTS + 1:,}", f"at most {MAX_PROMPTS:,} prompts"
            )
        prompts.append(_prompt(name, line, value))
    if not prompts:
        raise InvalidInput(name, "no prompts", "a file with at least one prompt")
    return prompts


def _values(name: str, ending: str, content: str) -> Iterator[Found]:
    if ending in (".csv", ".tsv"):
        yield from table_prompts(name, content, KEYS, is_tabbed=ending == ".tsv")
    elif ending == ".json":
        whole = _json(name, 1, content)
        items = whole.get("prompts", whole) if isinstance(whole, dict) else whole
        several = items if isinstance(items, list) and not _is_chat(items) else [items]
        yield from ((1, item) for item in several)
    else:
        for line, text in enumerate(_NEW_LINE.split(content), start=1):
            if text.strip():
                yield line, text if ending == ".txt" else _json(name, line, text)


def _prompt(name: str, line: int, value: object) -> Prompt:
    given = value
    if isinstance(value, dict):
        keys = ("messages", *KEYS)
        value = next((value[key] for key in keys if isinstance(value.get(key), (str, list))), value)
    try:
        return check_prompt(_chat(value) if isinstance(value, list) else value)
    except InvalidInput as error:
        raise InvalidInput(
            f"line {line} of {name}", given, _SHAPES, hint=f"{error.field}: {error.allowed}."
        ) from error


def _is_chat(items: list[object]) -> bool:
    return bool(items) and all(
        isinstance(item, dict) and {"role", "content"} <= item.keys() for item in items
    )


def _chat(items: list[object]) -> list[Message]:
    """Messages; what else a data set says of them is left out."""
    if not _is_chat(items):
        raise InvalidInput("messages", items, "a list of {'role': …, 'content': …}")
    return [Message(item["role"], item["content"]) for item in items if isinstance(item, dict)]


def _json(name: str, line: int, text: str) -> object:
    try:
        return msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"line {line} of {name}", text, "JSON", hint=f"{error}.") from error


def _check_ending(name: str) -> str:
    ending = Path(name).suffix.casefold()
    if ending not in ENDINGS:
        raise InvalidInput("name", name, f"a file that ends in {', '.join(ENDINGS)}")
    return ending


def _check_size(name: str, n_bytes: int) -> None:
    if n_bytes > MAX_FILE_BYTES:
        raise InvalidInput(name, f"more than {MAX_FILE_BYTES:,} bytes", f"at most {MAX_FILE_BYTES:,} bytes")


def _decoded(name: str, body: bytes) -> str:
    encoding = "utf-16" if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8"
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            f"line {line} of {name}", body[error.start : error.start + 8], "text in UTF-8",
            hint="Save the file anew, as UTF-8.",
        ) from error  # fmt: skip
