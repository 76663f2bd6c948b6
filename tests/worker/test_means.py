"""Mean activations of texts, as contrast vectors are made of them: against plain PyTorch."""

from __future__ import annotations

import pytest
import torch

from steer_widget.errors import InvalidInput, SaeMismatch
from steer_widget.protocol import Activations, Passage, ReadMeans
from steer_widget.spec import Generation, Grid, Message, Steering, Vector
from tests.worker.conftest import point_of, run

TEXTS = (
    "I went for a walk and saw the sea.",
    "She said no.",
    "<|user|>The mountains were white<|end|> with snow",
)


def means(engine, texts, *options, **more) -> Activations:
    return engine.means(ReadMeans(1, tuple(Passage(text) for text in texts), *options, **more))


def activations(engine, text: str) -> tuple[list[int], torch.Tensor]:
    ids = engine.adapter.tokenizer(text)["input_ids"]
    seen: list[torch.Tensor] = []
    with (
        point_of(engine).module.register_forward_hook(
            lambda _m, _a, out: seen.append(out[0] if isinstance(out, tuple) else out)
        ),
        torch.no_grad(),
    ):
        engine.adapter.model(torch.tensor([ids]))
    return ids, seen[0][0]


@pytest.mark.parametrize("pool", ["mean", "last"])
def test_means_agree_and_leave_out_the_first_and_special_tokens(engine, pool) -> None:
    found = means(engine, TEXTS, pool=pool)
    assert found.hook_name == "blocks.2.hook_resid_post"
    for text, values in zip(TEXTS, found.values, strict=True):
        ids, h = activations(engine, text)
        counting = [at for at, token in enumerate(ids) if at and token not in engine.adapter.special_ids]
        wanted = h[counting].mean(0) if pool == "mean" else h[counting[-1]]
        assert values == pytest.approx(wanted.tolist(), abs=1e-4)


def test_a_contrast_steers_away_from_what_it_was_made_of(engine) -> None:
    found = means(engine, TEXTS)
    vector = Vector.from_contrast(found.values[:1], found.values[1:], name="sea", hook_name=found.hook_name)
    wanted = (
        torch.tensor(found.values[0]) - (torch.tensor(found.values[1]) + torch.tensor(found.values[2])) / 2
    )
    assert vector.numbers() == pytest.approx(wanted.tolist(), abs=1e-5)
    steering = Steering((vector.at(3.0, unit="raw", method="add", positions="all"),))
    ran = run(engine, Grid(TEXTS[:1], (Steering(), steering), 1, Generation(max_new_tokens=6)))
    assert ran.tokens[0] != ran.tokens[1]


def test_many_texts_of_all_lengths_come_back_in_their_order(engine) -> None:
    texts = tuple(" ".join(["sea walk"] * (1 + n % 7)) for n in range(40))
    found = means(engine, texts).values
    for n in (0, 6, 13, 39):
        assert found[n] == pytest.approx(means(engine, texts[n : n + 1]).values[0], abs=1e-4)


def test_chats_are_read_by_their_template(engine) -> None:
    chat = (Message("user", "Hello sea"),)
    text = "<|user|>Hello sea<|end|><|assistant|>"
    found = means(engine, (chat, text)).values
    assert found[0] == pytest.approx(found[1], abs=1e-5)


def test_other_hook_points_are_checked_and_read(engine) -> None:
    found = means(engine, TEXTS[:1], "blocks.1.hook_resid_pre")
    ids = engine.adapter.tokenizer(TEXTS[0])["input_ids"]
    with torch.no_grad():
        streams = engine.adapter.model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    assert found.values[0] == pytest.approx(streams[1][0, 1:].mean(0).tolist(), abs=1e-4)
    with pytest.raises(SaeMismatch, match="layer"):
        means(engine, TEXTS[:1], "blocks.77.hook_resid_pre")


def test_a_text_without_tokens_that_count_is_refused(engine) -> None:
    with pytest.raises(InvalidInput, match="at least one token"):
        means(engine, ("<|end|>",))
