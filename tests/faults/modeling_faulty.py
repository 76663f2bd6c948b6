"""The code of a tiny model that does in its forward pass what a file tells it.

It is copied into the model's folder, so the worker loads it as it loads any model with code of its own.
"""

import ctypes
import functools
import os
import sys
import time
from pathlib import Path

import torch
from transformers import LlamaForCausalLM

ORDER = Path(os.environ["FAULTS_ORDER"])


def _slow(_n_rows: int, _n_tokens: int, seconds: str) -> None:
    time.sleep(float(seconds))


def _hang(_n_rows: int, _n_tokens: int) -> None:
    ctypes.CDLL(None).sleep(1000)


def _hang_with_gil(_n_rows: int, _n_tokens: int) -> None:
    ctypes.PyDLL(None).sleep(1000)


def _balloon(n_rows: int, _n_tokens: int, n_mb: str) -> None:
    # Written to, so that the memory is really there.
    torch.ones(n_rows, int(n_mb) * 1_000_000, dtype=torch.uint8)


def _balloon_of_long_texts(n_rows: int, n_tokens: int, n_mb: str) -> None:
    if n_tokens > 60:
        _balloon(n_rows, n_tokens, n_mb)


def _python_balloon(n_rows: int, _n_tokens: int, n_mb: str) -> None:
    bytearray(n_rows * int(n_mb) * 1_000_000)


def _segfault(_n_rows: int, _n_tokens: int) -> None:
    ctypes.string_at(0)


def _os_exit(_n_rows: int, _n_tokens: int, code: str) -> None:
    os._exit(int(code))


def _sys_exit(_n_rows: int, _n_tokens: int, code: str) -> None:
    sys.exit(int(code))


def _refuse_longer_than(_n_rows: int, n_tokens: int, n_most: str) -> None:
    if n_tokens > int(n_most):
        raise ValueError(f"{n_tokens} tokens are more than this model likes")


ACTS = {
    "slow": _slow,
    "hang": _hang,
    "hang_with_gil": _hang_with_gil,
    "balloon": _balloon,
    "balloon_of_long_texts": _balloon_of_long_texts,
    "python_balloon": _python_balloon,
    "segfault": _segfault,
    "os_exit": _os_exit,
    "sys_exit": _sys_exit,
    "refuse_longer_than": _refuse_longer_than,
}


class FaultyLlama(LlamaForCausalLM):
    """A Llama, but for what the file says: an act and its arguments; `measuring` in front, in measuring passes alone."""

    @functools.wraps(LlamaForCausalLM.forward)
    def forward(self, *args, **kwargs):
        words = ORDER.read_text().split()
        if words and words[0] == "measuring":
            is_measuring = isinstance(kwargs.get("logits_to_keep"), int) and kwargs["logits_to_keep"] == 0
            words = words[1:] if is_measuring else []
        if words:
            ids = kwargs["input_ids"]
            ACTS[words[0]](ids.shape[0], ids.shape[1], *words[1:])
        return super().forward(*args, **kwargs)
