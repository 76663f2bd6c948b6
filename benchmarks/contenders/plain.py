"""transformers' own `generate` with one forward hook."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

import torch

from ..subject import LAYER, PROMPT, Subject, TokenIds


class Plain:
    """Runs on the very model that the engine runs on: the weights are the same memory.

    Args:
        subject: the loaded model.
    """

    def __init__(self, subject: Subject) -> None:
        self._model = subject.model
        self._direction = subject.direction
        self._prompt_ids = subject.prompt_ids(PROMPT)

    def text(self, strength: float, n_tokens: int) -> TokenIds:
        """See `Contender.text`."""
        return self.batch([strength], n_tokens)[0]

    def batch(self, strengths: Sequence[float], n_tokens: int, *, temperature: float = 0.0) -> list[TokenIds]:
        """One batch with a strength for each row; no hook where all are 0.

        Args:
            strengths: of the rows.
            n_tokens: new tokens of each.
            temperature: 0 is greedy; otherwise all of the vocabulary may come.
        """
        prompt_ids = torch.tensor([self._prompt_ids] * len(strengths))
        how = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature else {}
        with torch.inference_mode(), self._steered(strengths):
            out = self._model.generate(
                input_ids=prompt_ids,
                attention_mask=torch.ones_like(prompt_ids),
                max_new_tokens=n_tokens,
                pad_token_id=0,
                **(how or {"do_sample": False}),
            )
        return [tuple(row) for row in out[:, prompt_ids.shape[1] :].tolist()]

    def prefill(self, prompt_ids: TokenIds) -> int:
        """Reads a prompt unsteered into a cache; the most likely next token."""
        with torch.inference_mode():
            out = self._model(input_ids=torch.tensor([prompt_ids]), use_cache=True, logits_to_keep=1)
            return int(out.logits[0, -1].argmax())

    @contextlib.contextmanager
    def _steered(self, strengths: Sequence[float]) -> Iterator[None]:
        if not any(strengths):
            yield
            return
        edit = (torch.tensor(strengths)[:, None, None] * self._direction).to(self._model.dtype)

        def steer(_module: torch.nn.Module, _args: object, output: torch.Tensor) -> torch.Tensor:
            return output + edit

        handle = self._model.model.layers[LAYER].register_forward_hook(steer)
        try:
            yield
        finally:
            handle.remove()
