"""The exact tokens of prompts, against the tokenizer; and which are steered, against the rules written out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steer_widget.errors import InvalidInput, PromptTooLong
from steer_widget.protocol import CellMeasured, PromptTokens, TokensOf
from steer_widget.spec import Generation, Grid, Message, Schedule, Steering
from steer_widget.worker.token_texts import prompt_texts
from tests.tiny import make
from tests.worker.conftest import run
from tests.worker.test_steering import POSITIONS, edit_of

TEXTS = (
    "I went for a walk and saw the sea.",
    "Ünïcödé 🌍 and — dashes 日本語 👩‍👩‍👧",
    " leading,  double spaces\n\nand\tlines ",
    "ends in the middle of nothing\N{REPLACEMENT CHARACTER}",
    "🌍",
)


def read(engine: Any, prompt: Any, *columns: Steering, chat: bool = False) -> PromptTokens:
    return engine.tokens(TokensOf(1, prompt, chat, columns))


def joined(found: PromptTokens) -> str:
    return "".join(token.text for token in found.tokens)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_together_are_the_prompt_and_ids_are_the_tokenizer_s(engine, text) -> None:
    found = read(engine, text)
    assert joined(found) == text
    assert [t.token_id for t in found.tokens] == engine.adapter.tokenizer(text)["input_ids"]
    assert not any(t.is_special for t in found.tokens)


def test_a_character_split_over_tokens_belongs_to_its_last(engine) -> None:
    found = read(engine, "a🌍b")
    texts = [t.text for t in found.tokens]
    assert len(texts) > 3, "the tiny tokenizer has no token of its own for it"
    assert texts == ["a", *[""] * (len(texts) - 3), "🌍", "b"]


@pytest.mark.parametrize(
    ("prompt", "chat"),
    [("Hello sea", True), ((Message("system", "Be short."), Message("user", "Hello 🌍")), False)],
)
def test_a_chat_is_shown_as_its_template_renders_it(engine, prompt, chat) -> None:
    turns = [Message("user", prompt)] if isinstance(prompt, str) else prompt
    rendered = "".join(f"<|{turn.role}|>{turn.content}<|end|>" for turn in turns) + "<|assistant|>"
    found = read(engine, prompt, chat=chat)
    assert joined(found) == rendered
    special = {"<|system|>", "<|user|>", "<|assistant|>", "<|end|>"}
    assert {t.text for t in found.tokens if t.is_special} == special & {t.text for t in found.tokens}
    assert sum(t.is_special for t in found.tokens) == 2 * len(turns) + 1


def test_the_steered_tokens_are_those_of_the_rules(engine) -> None:
    prompt = "The mountains were white with snow"
    n = len(read(engine, prompt).tokens)
    columns, wanted = [], []
    for positions, weight in POSITIONS.values():
        columns.append(Steering((edit_of(3, 4.0, positions=positions),)))
        wanted.append(tuple(at for at in range(n) if weight(at, n)))
    columns += [
        Steering(),
        Steering((edit_of(3, 0.0),)),
        Steering((edit_of(3, 1.0, method="scale"),)),
        Steering((edit_of(3, 4.0, positions=[1]), edit_of(9, 2.0, positions="generated"))),
        Steering((edit_of(3, 4.0, schedule=Schedule(start=2)),)),
        Steering((edit_of(3, 4.0, schedule=Schedule(half_life=2.0)),)),
        Steering((edit_of(3, 0.0, method="ablate", positions=[0]),)),
    ]
    wanted += [(), (), (), (1, n - 1), (), tuple(range(n)), (0,)]
    assert read(engine, prompt, *columns).steered == tuple(wanted)


def test_special_tokens_are_skipped_where_asked(engine) -> None:
    found = read(engine, "Hello sea", Steering((edit_of(3, 4.0, skip_special=True),)), chat=True)
    assert found.steered[0] == tuple(n for n, token in enumerate(found.tokens) if not token.is_special)


def test_what_cannot_be_read_is_refused(engine) -> None:
    with pytest.raises(PromptTooLong):
        read(engine, " sea" * make.N_CONTEXT)
    with pytest.raises(InvalidInput):
        read(engine, "sea", Steering((edit_of(3, 1.0, method="teleport"),)))


@pytest.fixture(scope="module")
def sentencepiece_like() -> Any:
    """As Llama's: spaces are written ▁, unknown characters as bytes, and decoding drops the first space."""
    from tokenizers import Tokenizer, decoders, models, normalizers
    from transformers import PreTrainedTokenizerFast

    pieces = [
        "<unk>",
        "<s>",
        *(f"<0x{byte:02X}>" for byte in range(256)),
        "▁",
        "a",
        "b",
        "▁a",
        "ab",
        "▁ab",
        "ü",
    ]
    merges = [("▁", "a"), ("a", "b"), ("▁", "ab")]
    model = models.BPE(
        {piece: n for n, piece in enumerate(pieces)}, merges, byte_fallback=True, unk_token="<unk>"
    )
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>")


@settings(max_examples=150, deadline=None)
@given(text=st.text(st.sampled_from("ab ü🌍\n日"), max_size=12))
def test_other_decoders_are_joined_exactly_too(sentencepiece_like, text) -> None:
    ids = sentencepiece_like(text, add_special_tokens=False)["input_ids"]
    assert "".join(prompt_texts(sentencepiece_like, ids)) == sentencepiece_like.decode(ids)
    assert len(prompt_texts(sentencepiece_like, ids)) == len(ids)


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_is_joined_exactly(tiny_tokenizer, text) -> None:
    ids = tiny_tokenizer(text)["input_ids"]
    assert "".join(prompt_texts(tiny_tokenizer, ids)) == tiny_tokenizer.decode(
        ids, clean_up_tokenization_spaces=False
    )


@settings(max_examples=100, deadline=None)
@given(ids=st.lists(st.integers(0, 300), max_size=20))
def test_tokens_that_are_no_text_are_joined_exactly(tiny_tokenizer, ids) -> None:
    texts = prompt_texts(tiny_tokenizer, ids)
    assert len(texts) == len(ids)
    assert "".join(texts) == tiny_tokenizer.decode(ids, clean_up_tokenization_spaces=False)


@pytest.fixture(scope="module")
def tiny_tokenizer(tiny_folders: tuple[Path, Path]) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(tiny_folders[0])


@pytest.mark.parametrize("stop", [(), ("e",), ("nobody", "🌍", "s ")])
def test_measured_cells_have_the_texts_of_their_tokens(engine, stop) -> None:
    generation = Generation(max_new_tokens=40, temperature=1.5, stop=stop)
    steerings = (Steering(), Steering((edit_of(3, 8.0),)))
    ran = run(engine, Grid(("I went", "🌍 and"), steerings, 6, generation, measures=("kl",)))
    found = {event.cell: event.tokens for event in ran.events if isinstance(event, CellMeasured)}
    assert sorted(found) == sorted(cell for cell, end in ran.ends.items() if end.token_ids)
    for cell, tokens in found.items():
        end = ran.ends[cell]
        assert len(tokens.texts) == len(end.token_ids)
        assert "".join(tokens.texts) == end.text
    assert {end.finish for end in ran.ends.values()} >= ({"stop_string"} if stop else {"length"})
    if not stop:
        assert any("" in tokens.texts for tokens in found.values()), (
            "no character was split, nothing is tested"
        )
