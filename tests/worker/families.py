"""Facts of each family of decoders, as its source states them; and engines of all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from steer_widget.worker.engine import Engine
from tests.tiny import make
from tests.worker.conftest import make_engine

FAMILIES = list(make.CONFIGS)
# Attention and MLP read the same stream.
PARALLEL = {"gpt_neox", "phi", "gptj", "falcon", "falcon_two_norms"}
NORM_BEHIND_ATTENTION = {"gemma2", "gemma3", "gemma3_text", "gemma4_text", "olmo2"}
_GPT2_LIKE = ("gpt2", "gptj", "gpt_neo", "falcon", "falcon_two_norms", "falcon_sequential", "bloom")
_BLOCKS = {
    **dict.fromkeys(_GPT2_LIKE, "transformer.h"),
    **dict.fromkeys(("gpt_neox", "gpt_neox_sequential"), "gpt_neox.layers"),
    **dict.fromkeys(("opt", "opt_post_norm"), "model.decoder.layers"),
    "gemma3": "model.language_model.layers",
}
_ATTENTIONS = {
    **dict.fromkeys(("gpt2", "gptj", "gpt_neo"), "attn"),
    **dict.fromkeys(("falcon", "falcon_two_norms", "falcon_sequential", "bloom"), "self_attention"),
    **dict.fromkeys(("gpt_neox", "gpt_neox_sequential"), "attention"),
}
_PROJECTIONS = {
    "gpt2": "attn.c_proj",
    "gptj": "attn.out_proj",
    "gpt_neo": "attn.attention.out_proj",
    **dict.fromkeys(("falcon", "falcon_two_norms", "falcon_sequential", "bloom"), "self_attention.dense"),
    **dict.fromkeys(("gpt_neox", "gpt_neox_sequential"), "attention.dense"),
    **dict.fromkeys(("opt", "opt_post_norm"), "self_attn.out_proj"),
    "phi": "self_attn.dense",
}
# What reads the stream behind the last block.
_LAST_READERS = {
    **dict.fromkeys(_GPT2_LIKE, "transformer.ln_f"),
    **dict.fromkeys(("gpt_neox", "gpt_neox_sequential"), "gpt_neox.final_layer_norm"),
    "opt": "model.decoder.final_layer_norm",
    "opt_post_norm": "model.decoder.project_out",
    "phi": "model.final_layernorm",
    "gemma3": "model.language_model.norm",
}


def block_of(model: Any, family: str, layer: int) -> Any:
    return model.get_submodule(_BLOCKS.get(family, "model.layers"))[layer]


def writer_of(block: Any, family: str) -> Any:
    """The module whose output attention adds to the stream; BLOOM's gives the sum."""
    behind = family in NORM_BEHIND_ATTENTION
    return getattr(block, "post_attention_layernorm" if behind else _ATTENTIONS.get(family, "self_attn"))


def projection_of(block: Any, family: str) -> Any:
    """The linear map from attention's heads to the stream."""
    return block.get_submodule(_PROJECTIONS.get(family, "self_attn.o_proj"))


def weight_of(projection: Any, family: str) -> Any:
    """`[d_in, d_out]`; GPT-2 keeps it so, the others transposed."""
    return projection.weight if family == "gpt2" else projection.weight.T


def last_reader_of(model: Any, family: str) -> Any:
    return model.get_submodule(_LAST_READERS.get(family, "model.norm"))


def engines(root: Path) -> Callable[[str], Engine]:
    """Makes the engine of a family when it is first asked for."""
    sae = make.make_sae(root / "sae")
    made: dict[str, Engine] = {}

    def get(family: str) -> Engine:
        if family not in made:
            made[family] = make_engine(make.make_model(root / family, family), sae)
        return made[family]

    return get
