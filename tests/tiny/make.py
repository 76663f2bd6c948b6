"""Makes tiny folders: a model with its tokenizer, and an SAE for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TEXT = (
    "I went for a walk and saw the sea. The mountains were white with snow, and nobody spoke. "
    "She said that the letter had come too late; he did not answer. Numbers: 1, 2, 3, 10, 1987. "
    "What do you do with good news? You pack, you go, you write home. Ünïcödé 🌍 and — dashes."
)
CHAT_TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
D_MODEL = 32
N_LAYERS = 4
D_SAE = 64
N_CONTEXT = 256
HOOK_NAME = "blocks.2.hook_resid_post"

_COMMON: dict[str, Any] = {
    "hidden_size": D_MODEL,
    "num_hidden_layers": N_LAYERS,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": N_CONTEXT,
}
_GROUPED = {**_COMMON, "num_key_value_heads": 2}
_GPT2_NAMES = {"n_embd": D_MODEL, "n_layer": N_LAYERS, "n_head": 4, "n_positions": N_CONTEXT}
_GEMMA = {**_GROUPED, "head_dim": 8}
_OPT = {**_COMMON, "ffn_dim": 64, "word_embed_proj_dim": D_MODEL}
# Windows are shorter than the prompts of the tests, so that they slide.
_GEMMA3 = {**_GEMMA, "sliding_window": 8, "sliding_window_pattern": 2}
_WRAPPED = "text_config"

# By family; where one has kinds that differ in their blocks, each kind, with its "model_type".
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": _GROUPED,
    "gpt2": _GPT2_NAMES,
    "gpt_neox": {**_COMMON},
    "gemma2": {**_GEMMA, "sliding_window": 8},
    "qwen2": _GROUPED,
    "gpt_neox_sequential": {**_COMMON, "model_type": "gpt_neox", "use_parallel_residual": False},
    "mistral": {**_GROUPED, "sliding_window": 8},
    "mixtral": {**_GROUPED, "num_local_experts": 4},
    "qwen2_sliding": {
        **_GROUPED, "model_type": "qwen2", "use_sliding_window": True, "sliding_window": 8, "max_window_layers": 2
    },
    "qwen3": {**_GROUPED, "head_dim": 8},
    "gemma": _GEMMA,
    "gemma3_text": _GEMMA3,
    "gemma4_text": {  # full layers have wider heads, the last two layers read the keys of the first two
        **_GEMMA, "sliding_window": 8, "global_head_dim": 16, "num_kv_shared_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"] * 2, "hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": 512,
    },
    "gemma3": {
        _WRAPPED: {**_GEMMA3, "model_type": "gemma3_text"},
        "vision_config": {
            "model_type": "siglip_vision_model", "hidden_size": 8, "intermediate_size": 8,
            "num_hidden_layers": 1, "num_attention_heads": 1, "image_size": 28, "patch_size": 14,
        },
        "mm_tokens_per_image": 4,
    },
    "phi": _COMMON,
    "phi3": {**_GROUPED, "sliding_window": 8},
    "olmo2": _GROUPED,
    "opt": _OPT,
    "opt_post_norm": {  # as opt-350m
        **_OPT, "model_type": "opt", "word_embed_proj_dim": 16, "do_layer_norm_before": False
    },
    "gptj": {**_GPT2_NAMES, "rotary_dim": 4},
    "gpt_oss": {**_GROUPED, "head_dim": 8, "sliding_window": 8, "num_local_experts": 4},
    "gpt_neo": {
        **_COMMON, "num_layers": N_LAYERS, "num_heads": 4, "window_size": 8,
        "attention_types": [[["global", "local"], 2]],
    },
    "falcon": {**_COMMON, "ffn_hidden_size": 64},
    "falcon_two_norms": {  # as falcon-40b
        **_COMMON, "model_type": "falcon", "new_decoder_architecture": True, "num_kv_heads": 2
    },
    "falcon_sequential": {  # as falcon-rw
        **_COMMON, "model_type": "falcon", "parallel_attn": False, "multi_query": False, "alibi": True
    },
    "bloom": {"hidden_size": D_MODEL, "n_layer": N_LAYERS, "n_head": 4},
}  # fmt: skip


def make_tokenizer(folder: Path) -> int:
    """Writes a byte-level BPE tokenizer with a chat template; returns the size of its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=["<|pad|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([TEXT] * 4, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<|pad|>", eos_token="<|end|>")
    fast.chat_template = CHAT_TEMPLATE
    fast.save_pretrained(folder)
    return len(fast)


def make_model(folder: Path, family: str = "llama", *, seed: int = 0, **overrides: Any) -> Path:
    """Writes a random model of this family with its tokenizer; large weights, so that texts vary."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    d_vocab = make_tokenizer(folder)
    given = {"model_type": family, **CONFIGS[family], **overrides}
    # With tied embeddings a random model says its last token again and again, whatever it attends to.
    head: dict[str, Any] = {
        "vocab_size": d_vocab, "bos_token_id": None, "eos_token_id": 1, "pad_token_id": 0,
        "tie_word_embeddings": False,
    }  # fmt: skip
    if _WRAPPED in given:
        given[_WRAPPED] = {**given[_WRAPPED], **head}
    config = AutoConfig.for_model(**{**head, **given})
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim in (2, 3):  # experts are stacked
                parameter.normal_(0, 0.3 if "embed" in name or "wte" in name else 0.15)
    model.save_pretrained(folder)
    return folder


def make_sae(
    folder: Path, *, d_in: int = D_MODEL, hook_name: str = HOOK_NAME, seed: int = 1, **config: Any
) -> Path:
    """Writes a random standard SAE in SAELens 6 format, decoder rows of unit norm."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(seed)
    decoder = torch.randn(D_SAE, d_in, generator=generator)
    decoder /= decoder.norm(dim=-1, keepdim=True)
    tensors = {
        "W_dec": decoder,
        "W_enc": decoder.T.contiguous(),
        "b_enc": torch.zeros(D_SAE),
        "b_dec": torch.zeros(d_in),
    }
    save_file(tensors, folder / "sae_weights.safetensors")
    described = {
        "architecture": "standard", "d_in": d_in, "d_sae": D_SAE, "dtype": "float32", "device": "cpu",
        "apply_b_dec_to_input": True, "normalize_activations": "none", "reshape_activations": "none",
        "metadata": {"hook_name": hook_name, "model_name": "tiny", "sae_lens_version": "6.54.12"},
        **config,
    }  # fmt: skip
    (folder / "cfg.json").write_text(json.dumps(described))
    return folder
