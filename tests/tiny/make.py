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
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": {**_COMMON, "num_key_value_heads": 2},
    "gpt2": {"n_embd": D_MODEL, "n_layer": N_LAYERS, "n_head": 4, "n_positions": N_CONTEXT},
    "gpt_neox": {**_COMMON},
    "gemma2": {**_COMMON, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 16},
    "qwen2": {**_COMMON, "num_key_value_heads": 2},
}


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


def make_model(folder: Path, model_type: str = "llama", *, seed: int = 0, **overrides: Any) -> Path:
    """Writes a random model of this type with its tokenizer; large weights, so that texts vary."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    folder.mkdir(parents=True, exist_ok=True)
    d_vocab = make_tokenizer(folder)
    config = AutoConfig.for_model(
        model_type, vocab_size=d_vocab, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        **{**CONFIGS[model_type], **overrides},
    )  # fmt: skip
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
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
