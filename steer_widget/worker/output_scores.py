"""The output score of a direction: does the model write what the direction's logit lens says?

    score = (1 − r / |V|) · P

T are the 20 tokens that the direction raises most by its logit lens. The model reads "From my experience," with the
direction added at the last token; r is the best rank (0-based) that a token of T then has in the next-token
distribution, P the largest probability of one (Arad, Mueller and Belinkov 2025, arXiv 2505.20063). What is added has
the length of the usual activation at the hook point, less its mean: the median of |h − mean(h)| over the tokens of a
short text, without the first one and sinks. So a score does not depend on how long a decoder row is.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from ..errors import HookInactive, InvalidInput, SaeMismatch
from ..spec import Vector
from .cache import RoomyCache
from .halving import in_batches
from .hook_points import first_block
from .joined_cache import joined_cache
from .lens import streamed
from .placement import free_bytes
from .prefill import Prefixes
from .tap import Tap

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from torch import Tensor

    from ..spec import Steerable
    from .adapter import Adapter
    from .checked_point import CheckedPoints
    from .directions import Directions
    from .hook_points import HookPoint
    from .readout import Readout

PREFIX = "From my experience,"
N_LENS_TOKENS = 20
_SHARE_OF_FREE_MEMORY = 0.25
_N_LOGIT_COPIES = 6
_MAX_ROWS = {"cpu": 64}
_MAX_ROWS_GPU = 256


@dataclass(frozen=True)
class _Scored:
    """A direction to be scored: its number in the question, `unit` `[d_in]`, `written` to the stream `[d_model]`."""

    number: int
    hook_name: str
    unit: Tensor
    written: Tensor


@dataclass(frozen=True)
class _Prefix:
    """What is known of the prefix, up to a hook point.

    Attributes:
        before: keys and values of all tokens but the last; None where passes are whole.
        split: number of blocks that need not run again; 0: none.
        h: what block `split` reads at the last token `[1, 1, d_model]`; None where no block is left out.
    """

    before: RoomyCache | None
    split: int
    h: Tensor | None


class OutputScorer:
    """Scores directions in batches; the prefix is read once for each hook point and kept.

    Args:
        adapter: the model.
        points: of the model.
        directions: what features and vectors are in it.
        readout: the model's.
    """

    def __init__(
        self, adapter: Adapter, points: CheckedPoints, directions: Directions, readout: Readout
    ) -> None:
        self._adapter = adapter
        self._points = points
        self._directions = directions
        self._readout = readout
        self._token_ids: list[int] = list(adapter.tokenizer(PREFIX)["input_ids"])
        self._prefixes: dict[str, _Prefix] = {}

    def forget(self) -> None:
        """Gives the memory back."""
        self._prefixes.clear()

    @torch.inference_mode()
    def scores(self, directions: Sequence[Steerable]) -> list[float | None]:
        """Of each direction, 0 to 1; None for a feature that has none, or no logit lens.

        Raises:
            InvalidInput: there is no such SAE or feature, or a vector's hook point has no logit lens.
            SaeMismatch: a vector has another width than the stream.
            HookInactive: an edit at the hook point did not act.
            OutOfMemory: one direction alone does not fit.
        """
        found: list[float | None] = [None] * len(directions)
        by_point: dict[str, list[_Scored]] = {}
        for number, direction in enumerate(directions):
            one = self._prepared(number, direction)
            if one is not None:
                by_point.setdefault(one.hook_name, []).append(one)
        for same_point in by_point.values():
            batches = _batches(len(same_point), self._n_rows())
            score = partial(self._score, same_point)
            for batch, scores in in_batches(batches, score, self._adapter.input_device):
                for place, value in zip(batch, scores, strict=True):
                    found[same_point[place].number] = value
        return found

    def _prepared(self, number: int, direction: Steerable) -> _Scored | None:
        """None for a feature that cannot be scored."""
        try:
            row, hook_name = self._directions.of(direction)
            written = streamed(self._adapter, row, hook_name)
        except SaeMismatch:
            if isinstance(direction, Vector):
                raise
            return None  # a dead feature
        except InvalidInput as error:
            if error.field != "hook_name" or isinstance(direction, Vector):
                raise
            return None
        row = row.float().cpu()
        return _Scored(number, hook_name, row / torch.linalg.vector_norm(row), written)

    def _score(self, of: Sequence[_Scored], batch: Sequence[int]) -> list[float]:
        """Of these of the directions, all at one hook point."""
        hook_name = of[0].hook_name
        point, spread = self._adapter.point(hook_name), self._points.get(hook_name).spread
        lens = self._readout.logits(torch.stack([of[place].written for place in batch]))
        raised = lens.topk(min(N_LENS_TOKENS, lens.shape[-1])).indices
        edits = torch.stack([of[place].unit for place in batch]) * spread
        logits = self._amplified(point, edits).float()
        of_raised = logits.gather(-1, raised.to(logits.device))
        best = of_raised.amax(-1, keepdim=True)
        rank = (logits > best).sum(-1).double()
        probability = (best[:, 0] - logits.logsumexp(-1)).double().exp()
        scores: list[float] = ((1 - rank / logits.shape[-1]) * probability).tolist()
        return scores

    def _amplified(self, point: HookPoint, edits: Tensor) -> Tensor:
        """Logits behind the prefix with each of the edits `[n, d_in]` at its last token: `[n, d_vocab]`."""
        adapter, n_rows, n_tokens = self._adapter, len(edits), len(self._token_ids)
        prefix = self._prefix(point)
        device, n_calls = adapter.input_device, 0

        def add(h: Tensor) -> Tensor:
            nonlocal n_calls
            n_calls += 1
            edited = h.clone()
            edited[:, -1] = (h[:, -1].float() + edits.to(h.device)).to(h.dtype)
            return edited

        n_before = 0 if prefix.before is None else n_tokens - 1
        cache = None if prefix.before is None else self._copied(prefix.before, n_rows)
        ids = torch.tensor([self._token_ids[n_before:]], device=device).expand(n_rows, -1)
        positions = torch.arange(n_before, n_tokens, device=device)[None].expand(n_rows, -1)
        part: AbstractContextManager[None] = (
            nullcontext()
            if prefix.h is None
            else adapter.layers.from_(prefix.split, prefix.h.repeat(n_rows, 1, 1))
        )
        with part, Tap(point, add):
            logits = adapter.next_logits(ids, positions, None, cache)
        if n_calls != 1:
            raise HookInactive(
                f"The hook at {point.name} acted {n_calls} times in a forward pass, so no output score can be read there. "
                "Choose another hook point."
            )
        return logits

    def _prefix(self, point: HookPoint) -> _Prefix:
        """The prefix as far as no edit at this point changes it; read anew the first time."""
        if point.name not in self._prefixes:
            self._prefixes[point.name] = self._read(first_block(point))
        return self._prefixes[point.name]

    def _read(self, split: int) -> _Prefix:
        adapter, n_before = self._adapter, len(self._token_ids) - 1
        if not adapter.can_split or n_before == 0:
            return _Prefix(None, 0, None)
        before = RoomyCache(adapter.model.config, n_before + 1)
        adapter.read(Prefixes.of([self._token_ids[:-1]], adapter.pad_id), before)
        if split == 0:
            return _Prefix(before, 0, None)
        device = adapter.input_device
        last = torch.tensor([self._token_ids[-1:]], device=device)
        with adapter.layers.watched(split) as seen:
            adapter.next_logits(
                last, torch.tensor([[n_before]], device=device), None, self._copied(before, 1)
            )
        return _Prefix(before, split, seen[0].clone())

    def _copied(self, cache: RoomyCache, n_rows: int) -> RoomyCache:
        layers = [([cache], [0] * n_rows)] * self._adapter.n_layers
        return joined_cache(self._adapter.model.config, len(self._token_ids), layers)

    def _n_rows(self) -> int:
        """Rows that fit into memory at once, at least one."""
        adapter = self._adapter
        n_bytes = _N_LOGIT_COPIES * adapter.d_vocab * 4
        limit = _MAX_ROWS.get(adapter.input_device.type, _MAX_ROWS_GPU)
        device = adapter.logits_device
        return max(1, min(limit, int(_SHARE_OF_FREE_MEMORY * free_bytes(device)) // n_bytes))


def _batches(n: int, size: int) -> list[range]:
    return [range(start, min(start + size, n)) for start in range(0, n, size)]
