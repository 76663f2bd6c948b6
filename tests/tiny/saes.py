"""Random SAEs of every kind, built and saved by sae-lens itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sae_lens import SAE, TrainingSAE
    from torch import Tensor

D_IN = 24
D_SAE = 40
N_HEADS = 4
HOOK_NAME = "blocks.2.hook_resid_post"

# name → architecture and the options of its own
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "standard": ("standard", {}),
    "gated": ("gated", {}),
    "jumprelu": ("jumprelu", {}),
    "topk": ("topk", {"k": 7}),
    "topk rescaled": ("topk", {"k": 7, "rescale_acts_by_decoder_norm": True}),
    "abstopk": ("abstopk", {"k": 7}),
    "abstopk rescaled": ("abstopk", {"k": 7, "rescale_acts_by_decoder_norm": True}),
    "matching_pursuit": ("matching_pursuit", {"residual_threshold": 0.5}),
    "matching_pursuit to the end": (
        "matching_pursuit",
        {"residual_threshold": 0.0, "stop_on_duplicate_support": False, "max_iterations": 9},
    ),
}
NORMALISATIONS = ("none", "layer_norm", "constant_norm_rescale")


def build(kind: str = "standard", *, seed: int = 0, **config: Any) -> SAE[Any]:
    """A random SAE; `metadata` is added to, everything else in `config` replaces a default."""
    from sae_lens.registry import get_sae_class

    architecture, options = KINDS.get(kind, (kind, {}))
    sae_class, config_class = get_sae_class(architecture)
    return _filled(sae_class, config_class, seed, {**options, **config})


def build_training(architecture: str, *, seed: int = 0, **config: Any) -> TrainingSAE[Any]:
    """A random SAE as it is while it is trained."""
    from sae_lens.registry import get_sae_training_class

    return _filled(*get_sae_training_class(architecture), seed, config)


def activations(*shape: int, seed: int = 0, mean: float = 1.0) -> Tensor:
    """Activations `[*shape, D_IN]` whose lengths differ and whose mean over the width is not zero."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(*shape, D_IN, generator=generator) * 2 + mean
    return h * torch.rand(*shape, 1, generator=generator).add(0.5)


def save(sae: SAE[Any], folder: Path) -> Path:
    """Saves it as sae-lens does."""
    sae.save_model(folder)
    return folder


def _filled(sae_class: Any, config_class: Any, seed: int, config: dict[str, Any]) -> Any:
    import torch
    from sae_lens.saes.sae import SAEMetadata

    metadata = SAEMetadata(**{"hook_name": HOOK_NAME, **config.pop("metadata", {})})
    sae = sae_class(config_class(**{"d_in": D_IN, "d_sae": D_SAE, "metadata": metadata, **config}))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sae.named_parameters():
            spread = 0.3 if parameter.ndim == 2 else 0.5
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * spread)
            if name == "threshold":
                parameter.abs_()
    return sae.eval()
