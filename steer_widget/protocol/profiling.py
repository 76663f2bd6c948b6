"""Kernel ↔ worker: statistics of every feature of an SAE on texts, chunk by chunk."""

from __future__ import annotations

from typing import Literal

from .common import Wire

Gives = Literal["count", "state", "all"]
"""What an answer brings: how many tokens counted; the statistics so far; these with the examples' texts, which
ends the profile."""


class ProfileTexts(Wire, frozen=True):
    """Count these texts in, see `worker.profiling`. A chunk counts as a whole, or where it is stopped not at all.

    Attributes:
        profile: which one; the worker holds one at a time. An unknown one begins, from `state`.
        sae: whose features; '' is the first.
        n_before: texts that must have been counted before.
        n_total: texts in all; None where nobody knows.
        n_examples: texts kept of each feature.
        n_window: tokens at most that are read at once; longer texts are cut.
        state: statistics so far, as `ProfiledTexts` brought them; empty begins from nothing.
    """

    request: int
    profile: str
    texts: tuple[str, ...]
    sae: str = ""
    n_before: int = 0
    n_total: int | None = None
    n_examples: int = 5
    n_window: int = 256
    state: bytes = b""
    gives: Gives = "count"


class ProfiledTexts(Wire, frozen=True):
    """Answer to `ProfileTexts`.

    Attributes:
        n_tokens: that have counted so far.
        state: tensors as safetensors, see `worker.feature_statistics`; empty unless asked for.
        windows: texts around peaks: left, token, right; the tensor ``window_of`` in `state` numbers them.
    """

    n_tokens: int
    state: bytes = b""
    windows: tuple[tuple[str, str, str], ...] = ()
