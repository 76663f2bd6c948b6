"""Statistics of every feature on the user's texts, in one pass, chunk by chunk.

texts ─► tokens, cut into windows ─► batches alike in length ─► h at the hook point ─► encode ─► statistics of the chunk
      ─► merged into those so far, once the chunk is through

Blocks above the hook point are left out of the pass where the model allows it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ..errors import GenerationError
from ..protocol import ProfiledTexts
from .batches import by_length
from .counting import counting_tokens
from .feature_statistics import N_LEFT, N_RIGHT, NO_TOKEN, FeatureStatistics
from .halving import in_batches
from .prefill import Prefixes
from .reading import watching
from .stopping import go_on

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import ProfileTexts
    from ..saes.sae import Sae
    from .adapter import Adapter
    from .checkpoint import Checkpoint
    from .tasks import Report

_MAX_TOKENS = {"cpu": 2048}
_MAX_TOKENS_GPU = 16384  # padded, in one forward pass
_N_NUMBERS = 1 << 25  # activations at once: 128 MiB
_REPORT_S = 0.2
_N_DECODED = 4096


@dataclass(frozen=True)
class _Window:
    """Tokens that are read at once. `text`: number made of the text's content."""

    text: int
    token_ids: list[int]


@dataclass
class _Open:
    """The profile that is being made."""

    name: str
    n_texts: int
    statistics: FeatureStatistics


class Profiling:
    """Takes texts in; holds one profile at a time.

    Args:
        adapter: the model.
        read_at: an SAE by its name, and the usual |h| at its hook point.
    """

    def __init__(self, adapter: Adapter, read_at: Callable[[str], tuple[Sae, float]]) -> None:
        self._adapter = adapter
        self._read_at = read_at
        self._open: _Open | None = None

    @torch.inference_mode()
    def add(self, task: ProfileTexts, report: Report, checkpoint: Checkpoint) -> ProfiledTexts:
        """Counts a chunk of texts in.

        Raises:
            TaskStopped: it was stopped; nothing of the chunk counts.
            GenerationError: this worker does not hold what was counted before, or activations are not finite.
            OutOfMemory: one window alone does not fit.
            InvalidInput: there is no such SAE.
            SaeMismatch: it has no encoder.
        """
        sae, residual_norm = self._read_at(task.sae)
        device = self._adapter.device_of(self._adapter.point(sae.hook_name))
        so_far = self._opened(task, sae, device)
        part = FeatureStatistics.empty(sae.d_sae, task.n_examples, device)
        windows = _windows(self._adapter, task.texts, task.n_window)
        last_s, n_read = 0.0, 0

        def take(batch: Sequence[int]) -> FeatureStatistics:
            # One of its own, so that a batch which runs out of memory has left no trace.
            found = FeatureStatistics.empty(sae.d_sae, task.n_examples, device)
            rows = sorted((windows[number] for number in batch), key=lambda row: row.text)
            _count(self._adapter, sae, residual_norm, rows, found)
            return found

        lengths = [len(window.token_ids) for window in windows]
        batches = by_length(lengths, most_tokens(self._adapter.input_device))
        go_on(checkpoint)
        for batch, found in in_batches(batches, take, self._adapter.input_device):
            part.merge(found)
            n_read += len(batch)
            if time.monotonic() - last_s > _REPORT_S:
                last_s = time.monotonic()
                n_done = task.n_before + len(task.texts) * n_read // len(windows)
                report(n_done, task.n_total, f"{n_done:,} texts read")
            go_on(checkpoint)
        so_far.statistics.merge(part)
        so_far.n_texts += len(task.texts)
        return self._answer(task, so_far.statistics, checkpoint)

    def _opened(self, task: ProfileTexts, sae: Sae, device: torch.device) -> _Open:
        opened = self._open
        if opened is None or opened.name != task.profile:
            if task.n_before and not task.state:
                raise _lost()
            statistics = (
                FeatureStatistics.restored(task.state, device)
                if task.state
                else FeatureStatistics.empty(sae.d_sae, task.n_examples, device)
            )
            opened = self._open = _Open(task.profile, task.n_before, statistics)
        if opened.n_texts != task.n_before:
            raise _lost()
        return opened

    def _answer(
        self, task: ProfileTexts, statistics: FeatureStatistics, checkpoint: Checkpoint
    ) -> ProfiledTexts:
        n_tokens = int(statistics.n_tokens)
        if task.gives == "count":
            return ProfiledTexts(n_tokens)
        if task.gives == "state":
            no_texts = torch.full_like(statistics.top_text, -1)
            return ProfiledTexts(n_tokens, statistics.stored(window_of=no_texts))
        self._open = None  # its memory is wanted elsewhere
        texts, numbers = _decoded(self._adapter, statistics, checkpoint)
        return ProfiledTexts(n_tokens, statistics.stored(window_of=numbers), texts)


def most_tokens(device: torch.device) -> int:
    """Padded tokens that are read in one forward pass."""
    return _MAX_TOKENS.get(device.type, _MAX_TOKENS_GPU)


def _lost() -> GenerationError:
    return GenerationError(
        "The worker no longer holds what was counted before: it was started anew meanwhile. "
        "Go on from what was written down last: steerer.profile(texts, resume=True)."
    )


def _windows(adapter: Adapter, texts: Sequence[str], n_window: int) -> list[_Window]:
    """The texts' tokens, cut; the special tokens that begin a text begin each of its windows."""
    n_most = min(n_window, adapter.n_context)
    found: list[_Window] = []
    token_ids_of = adapter.tokenizer(list(texts), verbose=False)["input_ids"] if texts else []
    for text, token_ids in zip(texts, token_ids_of, strict=True):
        n_head = next(
            (n for n, one in enumerate(token_ids) if one not in adapter.special_ids), len(token_ids)
        )
        head, body = list(token_ids[:n_head]), list(token_ids[n_head:])
        step = max(1, n_most - n_head)
        number = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1
        found.extend(
            _Window(number, head + body[start : start + step]) for start in range(0, len(body), step)
        )
    return found


def _count(
    adapter: Adapter, sae: Sae, residual_norm: float, rows: Sequence[_Window], found: FeatureStatistics
) -> None:
    """Reads windows in one pass, those of one text side by side, and counts them in."""
    flat_ids = [one for row in rows for one in row.token_ids]
    h = _read(adapter, sae.hook_name, rows)
    counts = counting_tokens(adapter, sae.hook_name, flat_ids, h, residual_norm)
    at = counts.nonzero().flatten()
    found.add_norms(torch.linalg.vector_norm(h[at], dim=-1, dtype=torch.float32))
    around, texts = _around(rows, h.device)
    around, texts = around[at], texts[at]
    for piece in _pieces(texts.tolist(), max(1, _N_NUMBERS // sae.d_sae)):
        acts = sae.encode(h[at[piece]]).clamp_min_(0.0)
        found.add_tokens(acts)
        _offer(acts, texts[piece], around[piece], found)


def _offer(acts: Tensor, texts: Tensor, around: Tensor, found: FeatureStatistics) -> None:
    """Offers the peak of each feature in each text; tokens of one text stand side by side."""
    numbers, n_of = torch.unique_consecutive(texts, return_counts=True)
    best, where, start = [], [], 0
    for n in n_of.tolist():
        largest, token = acts[start : start + n].max(0)
        best.append(largest)
        where.append(token + start)
        start += n
    tops, at = torch.stack(best, 1).topk(min(found.top_act.shape[1], len(best)), dim=1)
    tokens = torch.stack(where, 1).gather(1, at)
    found.offer(tops, numbers[at], around[tokens])


def _pieces(texts: Sequence[int], most: int) -> Iterator[slice]:
    """As many tokens at once as may be; a text on a border is offered twice, and the larger peak stays."""
    return (slice(start, min(start + most, len(texts))) for start in range(0, len(texts), most))


def _read(adapter: Adapter, hook_name: str, rows: Sequence[_Window]) -> Tensor:
    """What stands at the hook point on the tokens of all rows, one row behind the other `[n, d_in]`."""
    point = adapter.point(hook_name)
    prefixes = Prefixes.of([row.token_ids for row in rows], adapter.pad_id)
    with ExitStack() as inside:
        seen = inside.enter_context(watching([point]))
        if adapter.can_split:
            inside.enter_context(adapter.layers.below(point.layer + 1))
        adapter.read(prefixes, None)
    h = seen[hook_name][0]
    return h[(prefixes.positions >= 0).to(h.device)]


def _around(rows: Sequence[_Window], device: torch.device) -> tuple[Tensor, Tensor]:
    """Of each token those around it in its window, int32 `[n, N_LEFT + 1 + N_RIGHT]`, and its text's number `[n]`."""
    edge = ([NO_TOKEN] * N_LEFT, [NO_TOKEN] * N_RIGHT)
    around = [
        torch.tensor(edge[0] + row.token_ids + edge[1], dtype=torch.int32).unfold(0, N_LEFT + 1 + N_RIGHT, 1)
        for row in rows
    ]
    texts = torch.tensor([row.text for row in rows]).repeat_interleave(
        torch.tensor([len(row.token_ids) for row in rows])
    )
    return torch.cat(around).to(device), texts.to(device)


def _decoded(
    adapter: Adapter, statistics: FeatureStatistics, checkpoint: Checkpoint
) -> tuple[tuple[tuple[str, str, str], ...], Tensor]:
    """Texts around the peaks, each once, and which of them each example is, int64 `[d_sae, k]`."""
    flat = statistics.top_window.cpu().flatten(0, 1)
    unique, number = flat.unique(dim=0, return_inverse=True)
    texts: list[tuple[str, str, str]] = []
    for start in range(0, len(unique), _N_DECODED):
        go_on(checkpoint)
        rows = unique[start : start + _N_DECODED].tolist()
        parts = (slice(0, N_LEFT), slice(N_LEFT, N_LEFT + 1), slice(N_LEFT + 1, None))
        columns = [_texts(adapter, [row[part] for row in rows]) for part in parts]
        texts.extend(zip(*columns, strict=True))
    return tuple(texts), number.view(statistics.top_act.shape)


def _texts(adapter: Adapter, rows: Sequence[Sequence[int]]) -> list[str]:
    """Texts of tokens, special ones left out."""
    token_ids = [[one for one in row if one != NO_TOKEN and one not in adapter.special_ids] for row in rows]
    return list(adapter.tokenizer.batch_decode(token_ids, clean_up_tokenization_spaces=False))
