"""Saved results of version 1, from before vectors, several SAEs and measures of tokens, as version 2 has them."""

from __future__ import annotations

from typing import Literal

import msgspec

Plain = dict[str, object]


class _Steering(msgspec.Struct, forbid_unknown_fields=True):
    edits: list[Plain]


class _Grid(msgspec.Struct, forbid_unknown_fields=True):
    prompts: object
    steerings: list[_Steering]
    samples: object
    generation: object


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: Literal[1]
    run: object
    state: object
    created_at: object
    seconds: object
    n_tokens: object
    model: object
    sae: object
    versions: object
    grid: _Grid
    max_act: Plain
    cells: list[Plain]
    error: object


def upgrade(body: bytes) -> Plain:
    """What a file of version 1 says, as one of version 2 would say it; values are checked where that is read.

    Raises:
        msgspec.DecodeError: it has not the shape of version 1.
    """
    saved = msgspec.json.decode(body, type=_Result)
    grid: Plain = {
        "prompts": saved.grid.prompts,
        "steerings": [
            {"edits": [_edit(edit) for edit in steering.edits], "preserve_norm": False}
            for steering in saved.grid.steerings
        ],
        "samples": saved.grid.samples,
        "generation": saved.grid.generation,
        "measures": [],  # nothing but the dose, which is no choice
    }
    plain: Plain = {name: getattr(saved, name) for name in saved.__struct_fields__ if name != "sae"}
    return plain | {
        "version": 2,
        "saes": [] if saved.sae is None else [saved.sae],
        "grid": grid,
        "max_act": {f"/{index}": value for index, value in saved.max_act.items()},
        "cells": [cell | {"token_measures": {}} for cell in saved.cells],
    }


def _edit(edit: Plain) -> Plain:
    feature = edit.get("feature")
    tagged = {"kind": "feature", **feature} if isinstance(feature, dict) else feature
    return edit | {"feature": tagged, "skip_special": False}
