"""An SAE that sae-lens holds in memory: the user's own, or one it has fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import InvalidInput
from .assembly import TENSORS, make_sae
from .sae import Sae

if TYPE_CHECKING:
    from sae_lens import SAE


def from_sae_lens(sae: SAE, name: str) -> Sae:
    """The same SAE, sharing its tensors and staying on its device.

    One that is still being trained is taken for the one it would be saved as.

    Raises:
        InvalidInput: it is no SAE of sae-lens.
        SaeMismatch: its kind cannot be steered with.
    """
    config = getattr(sae, "cfg", None)
    if config is None or not hasattr(sae, "state_dict"):
        raise InvalidInput("sae", type(sae).__name__, "a sae_lens.SAE, a folder, or release/sae_id")
    tensors = {key: tensor.detach() for key, tensor in sae.state_dict().items()}
    save = getattr(sae, "process_state_dict_for_saving_inference", None)
    if save is None:
        stated = config.to_dict()
    else:
        save(tensors)
        stated = config.get_inference_sae_cfg_dict()
    return make_sae(name, stated, {key: tensors[key] for key in TENSORS if key in tensors})
