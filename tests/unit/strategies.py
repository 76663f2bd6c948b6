"""Hypothesis strategies for every value and message, read off their types."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from steer_widget.spec import (
    LAYOUTS,
    MEASURES,
    NAMED_POSITIONS,
    UNITS,
    Control,
    Edit,
    Feature,
    Generation,
    Grid,
    Message,
    Schedule,
    SelectedEdit,
    Selection,
    Span,
    Steering,
    TokenPositions,
    Vector,
    as_selected,
)
from steer_widget.spec.selection import MAX_SWEEP_STEPS

texts = st.text(max_size=20)
full_texts = texts.filter(lambda text: bool(text.strip()))
whole = st.integers(0, 2**53 - 1)
finite = st.floats(allow_nan=False, allow_infinity=False)
strengths = st.lists(finite, max_size=3).map(tuple)
places = st.integers(-(2**53), 2**53 - 1)

features = st.builds(Feature, whole, texts, texts)
vectors = st.builds(
    Vector,
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=5).filter(any),
    texts,
    texts,
)
controls = st.builds(Control, features | vectors, whole)
spans = st.builds(Span, places, st.none() | places, st.integers(1, 2**53 - 1))
token_positions = st.builds(TokenPositions, st.lists(places, min_size=1, max_size=4).map(tuple))
schedules = st.builds(Schedule, whole, st.none() | st.floats(0, exclude_min=True, allow_infinity=False))
edits = st.builds(
    Edit,
    features | vectors | controls,
    finite,
    unit=st.none() | st.sampled_from(UNITS),
    method=st.none() | full_texts,
    positions=st.none() | st.sampled_from(NAMED_POSITIONS) | spans | token_positions,
    skip_special=st.none() | st.booleans(),
    schedule=st.none() | schedules,
)
steerings = st.builds(Steering, st.lists(edits, max_size=3).map(tuple), st.none() | st.booleans())
messages = st.builds(Message, full_texts, full_texts)
prompts = full_texts | st.lists(messages, min_size=1, max_size=3).map(tuple)
generations = st.builds(
    Generation,
    max_new_tokens=st.integers(1, 10**6), temperature=st.floats(0, 100), top_p=st.floats(0, 1, exclude_min=True),
    top_k=whole, repetition_penalty=st.floats(0, 100, exclude_min=True), seed=whole,
    stop=st.lists(texts.filter(bool), max_size=2).map(tuple), chat=st.booleans(),
)  # fmt: skip
grids = st.builds(
    Grid,
    st.lists(prompts, min_size=1, max_size=3).map(tuple),
    st.lists(steerings, min_size=1, max_size=3).map(tuple),
    st.integers(1, 3),
    generations,
    st.none() | st.lists(st.sampled_from(MEASURES)).map(tuple),
)
rows = st.builds(
    lambda edit, more, hidden: msgspec.structs.replace(
        as_selected(edit), more_strengths=more, is_hidden=hidden
    ),
    edits,
    strengths,
    st.booleans(),
)
selections = st.builds(
    Selection,
    st.lists(rows, max_size=3).map(tuple),
    st.sampled_from(LAYOUTS),
    st.booleans(),
    st.integers(1, 5),
    grid_strengths=strengths,
    sweep_start=finite,
    sweep_stop=finite,
    n_sweep_steps=st.integers(1, MAX_SWEEP_STEPS),
    control=st.booleans(),
    master=finite,
)

KNOWN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts, bytes: st.binary(max_size=20), int: whole, float: finite, bool: st.booleans(), type(None): st.none(),
    Feature: features, Vector: vectors, Control: controls, Span: spans, TokenPositions: token_positions,
    Schedule: schedules, Edit: edits, SelectedEdit: rows, Steering: steerings, Message: messages, Generation: generations,
    Grid: grids, Selection: selections,
}  # fmt: skip


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type: a known one, a struct by its fields, or a container of such."""
    if kind in KNOWN:
        return KNOWN[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return st.sampled_from(args)
    if origin in (Union, types.UnionType):
        if set(args) == {str, tuple[Message, ...]}:
            return prompts
        return st.one_of(*map(of, args))
    if origin is tuple and args[-1] is not Ellipsis:
        return st.tuples(*map(of, args))
    if origin is tuple:
        return st.lists(of(args[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(of(args[0]), of(args[1]), max_size=3)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return st.builds(kind, **{name: of(hints[name]) for name in kind.__struct_fields__})
    raise TypeError(f"no strategy for {kind}")
