"""Malformed frames: random bytes, cut and mutated messages, wrong types, huge numbers, deep nesting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import msgspec

_DEEP = 5000


def frame(rng: Random, valid: Sequence[bytes]) -> bytes:
    """The body of one frame; `valid` are messages to start from."""
    return rng.choice(_KINDS)(rng, rng.choice(valid))


def _random_bytes(rng: Random, _body: bytes) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 2, 8, 64, 1000, 20_000)))


def _cut(rng: Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def _longer(rng: Random, body: bytes) -> bytes:
    return body + rng.randbytes(rng.randint(1, 40))


def _flipped(rng: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 8)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _spliced(rng: Random, body: bytes) -> bytes:
    at, to = sorted((rng.randrange(len(body)), rng.randrange(len(body))))
    return body[:at] + body[to:] + body[at:to]


def _claims_much(rng: Random, body: bytes) -> bytes:
    """Headers of arrays, maps, texts and bytes of four billion entries, of which nothing comes."""
    return (
        body[: rng.randrange(1, len(body))] + rng.choice(b"\xdd\xdf\xdb\xc6").to_bytes(1, "big") + b"\xff" * 4
    )


def _nested(rng: Random, _body: bytes) -> bytes:
    return rng.choice((b"\x91", b"\x81\xa4type", b"\xc0\x91")) * rng.choice((50, _DEEP))


def _mistyped(rng: Random, body: bytes) -> bytes:
    """A message in which one value is of another kind, or out of all bounds."""
    return msgspec.msgpack.encode(_replaced(rng, msgspec.msgpack.decode(body)))


def _misnamed(rng: Random, body: bytes) -> bytes:
    message = msgspec.msgpack.decode(body)
    key = rng.choice(list(message))
    change = rng.randrange(4)
    if change == 0:
        del message[key]
    elif change == 1:
        message["no such field"] = _junk(rng)
    elif change == 2:
        message["type"] = rng.choice(("Nothing", "", "Fault", "Ready", "CancelRun", 7, None))
    else:
        message[key] = _junk(rng)
    return msgspec.msgpack.encode(message)


def _replaced(rng: Random, value: Any, depth: int = 0) -> Any:
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice([k for k in value if k != "type"] or list(value))
        return {**value, key: _replaced(rng, value[key], depth + 1)}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [*value[:at], _replaced(rng, value[at], depth + 1), *value[at + 1 :]]
    return _junk(rng)


def _junk(rng: Random) -> Any:
    return rng.choice(
        (
            None, True, False, 0, -1, 2**31, 2**53, 2**63 - 1, -(2**63), 2**64 - 1, 1e308, -0.0, 5e-324,
            float("nan"), float("inf"), -float("inf"), "", "x" * 10_000, "\x00", "\x1b[2J\x07", "\u202eabc", "<script>",
            "run", b"\xff\xfe", [], {}, [[]], [None] * 100, {"type": "Fault"}, list(range(300)),
        )
    )  # fmt: skip


_KINDS: tuple[Callable[[Random, bytes], bytes], ...] = (
    _random_bytes, _cut, _longer, _flipped, _flipped, _spliced, _claims_much, _nested, _mistyped, _mistyped,
    _mistyped, _misnamed,
)  # fmt: skip
