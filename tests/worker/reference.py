"""An independent reference: one row, no cache, the hidden state edited explicitly. No code of the package."""

from __future__ import annotations

from typing import Any

import torch


def greedy(
    model: Any,
    block: torch.nn.Module,
    prompt_ids: list[int],
    edits: list[tuple[torch.Tensor, float, str]],
    n_new: int,
    eos: int | None = 1,
) -> list[int]:
    """Greedy tokens under steering of the output of `block`.

    Args:
        model: a Hugging Face causal model in float32.
        block: its output is edited.
        prompt_ids: the prompt.
        edits: (direction `[d_model]`, raw strength, positions).
        n_new: most tokens to generate.
        eos: ends the text.
    """
    n_prompt = len(prompt_ids)

    def edit(_module: Any, _args: Any, output: Any) -> Any:
        h = (output[0] if isinstance(output, tuple) else output).clone()
        for direction, strength, positions in edits:
            for at in range(h.shape[1]):
                if (
                    positions == "all"
                    or (positions == "prompt" and at < n_prompt)
                    or (positions == "generated" and at >= n_prompt - 1)
                ):
                    h[0, at] = h[0, at] + strength * direction
        return (h, *output[1:]) if isinstance(output, tuple) else h

    handle = block.register_forward_hook(edit)
    ids = list(prompt_ids)
    try:
        with torch.no_grad():
            for _ in range(n_new):
                logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
                ids.append(int(logits.argmax()))
                if ids[-1] == eos:
                    break
    finally:
        handle.remove()
    return ids[n_prompt:]
