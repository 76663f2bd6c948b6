"""Keys that all rows share are held once and change nothing but the rounding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM

from steer_widget.worker import joined_cache
from steer_widget.worker.accelerate import accelerate
from steer_widget.worker.cache import RoomyCache
from steer_widget.worker.packed_linear import can_pack
from steer_widget.worker.prefix_attention import can_share, prefix_attention
from tests.tiny import make

N_PROMPT = 40
# Each row's tokens behind the prompt, one a step; the last two steps are taken at once.
COMPLETIONS = torch.tensor([[17, 5, 300, 8, 44], [99, 5, 12, 8, 201], [17, 250, 31, 77, 6]])
SHARING = ("llama", "qwen3", "gemma")
TOLERANCE = 0.05  # of the spread of the logits: roundings to bfloat16 over four layers


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float32, 1e-5), (torch.bfloat16, 2**-6)])
@pytest.mark.parametrize("n_shared", [1, 7, 700])
def test_it_is_the_attention_to_copies_of_the_shared_keys(dtype, tolerance, n_shared) -> None:
    random = torch.Generator().manual_seed(0)
    n_rows, n_heads, n_queries, n_own, d_head = 5, 2, 3, 4, 16

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=random).to(dtype)

    queries = 3 * normal(n_rows, n_heads, n_queries, d_head)
    shared = normal(1, n_heads, n_shared, d_head), normal(1, n_heads, n_shared, d_head)
    own = normal(n_rows, n_heads, n_own, d_head), normal(n_rows, n_heads, n_own, d_head)
    found = prefix_attention(queries, shared, own, 0.3)
    keys, values = (
        torch.cat([all_rows.expand(n_rows, -1, -1, -1), rest], -2).double()
        for all_rows, rest in zip(shared, own, strict=True)
    )
    wanted = (0.3 * queries.double() @ keys.transpose(-1, -2)).softmax(-1) @ values
    assert found.dtype == dtype
    torch.testing.assert_close(found.double(), wanted, rtol=0.0, atol=tolerance)


@pytest.fixture(scope="module", params=[*SHARING, "gemma2", "gpt2", "mistral"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make.make_model(tmp_path_factory.mktemp(request.param) / request.param, request.param)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_behind_a_shared_prompt_go_on_as_the_plain_model_does(folder, dtype, monkeypatch) -> None:
    monkeypatch.setattr(joined_cache, "_MIN_SHARED", 0)
    plain, fast = (AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval() for _ in range(2))
    accelerate(fast)
    prompt = torch.arange(N_PROMPT)[None] * 7 % 300
    rows = list(range(len(COMPLETIONS)))
    with torch.inference_mode():
        texts = torch.cat([prompt.expand(len(rows), -1), COMPLETIONS], -1)
        wanted = plain(input_ids=texts).logits[:, N_PROMPT:].float()
        read = RoomyCache(fast.config, 0)
        fast(input_ids=prompt, past_key_values=read)
        n_room = texts.shape[1]
        cache = joined_cache.joined_cache(fast.config, n_room, [([read], [0] * len(rows))] * make.N_LAYERS)
        assert cache.get_seq_length() == N_PROMPT
        tolerance = TOLERANCE * float(wanted.max() - wanted.min()) if dtype == torch.bfloat16 else 1e-4
        for at, n_tokens in ((0, 1), (1, 1), (2, 1), (3, 2)):
            found = logits(fast, COMPLETIONS[rows, at : at + n_tokens], cache)
            assert float((found - wanted[rows, at : at + n_tokens]).abs().max()) <= tolerance
            assert cache.get_seq_length() == N_PROMPT + at + n_tokens
            shares = n_tokens == 1 and dtype == torch.bfloat16 and folder.name in SHARING
            if can_pack() and can_share():
                assert (getattr(cache.layers[0], "shared", None) is not None) == shares
            if at == 1:
                rows = [0, 2]
                cache.keep_rows(torch.tensor(rows))


def logits(model: Any, token_ids: torch.Tensor, cache: RoomyCache) -> torch.Tensor:
    n_before = cache.get_seq_length()
    positions = torch.arange(n_before, n_before + token_ids.shape[1])[None].expand(len(token_ids), -1)
    known = {"position_ids": positions} if "position_ids" in model.forward.__code__.co_varnames else {}
    found: torch.Tensor = model(input_ids=token_ids, past_key_values=cache, use_cache=True, **known).logits
    return found.float()
