"""sae-lens 6: its bridge to the model, a hook that adds a multiple of the decoder's row, its `generate`.

The older HookedSAETransformer knows models by a list of names, and this one is not on it; the bridge
boots from the local folder, with its own attention ("eager", as hooks on attention patterns need).
"""

from __future__ import annotations

import torch
from sae_lens import SAE
from sae_lens.analysis.sae_transformer_bridge import SAETransformerBridge

from steer_widget import embedded

from ..subject import FEATURE, LAYER, PROMPT, Subject, TokenIds, model_folder

# By its alias, hook_resid_post, the bridge takes the hook without a word and never calls it.
HOOK_NAME = f"blocks.{LAYER}.hook_out"


class SaeLensBridge:
    """The tutorial's way of steering, on the bridge.

    Args:
        subject: tells the dtype; the bridge loads a copy of its own.
    """

    def __init__(self, subject: Subject) -> None:
        dtype = subject.model.dtype
        self._bridge = SAETransformerBridge.boot_transformers(model_folder(), dtype=dtype, device="cpu")
        self._direction = SAE.load_from_disk(str(embedded.sae_folder())).W_dec[FEATURE].detach().to(dtype)
        self._prompt_ids = torch.tensor([subject.prompt_ids(PROMPT)])

    def text(self, strength: float, n_tokens: int) -> TokenIds:
        """See `Contender.text`."""
        edit = strength * self._direction

        def steer(activations: torch.Tensor, hook: object) -> torch.Tensor:  # noqa: ARG001 - called by its name
            steered: torch.Tensor = activations + edit
            return steered

        hooks = [(HOOK_NAME, steer)] if strength else []
        with torch.inference_mode(), self._bridge.hooks(fwd_hooks=hooks):
            out = self._bridge.generate(
                self._prompt_ids,
                max_new_tokens=n_tokens,
                do_sample=False,
                stop_at_eos=False,
                use_past_kv_cache=True,
                return_type="tokens",
                verbose=False,
            )
        return tuple(out[0, self._prompt_ids.shape[1] :].tolist())
