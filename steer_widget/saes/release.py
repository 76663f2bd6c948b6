"""An SAE from a release that sae-lens lists, such as ``gpt2-small-res-jb/blocks.8.hook_resid_pre``."""

from __future__ import annotations

from ..errors import InvalidInput, LoadError, SaeMismatch
from .config import check_architecture
from .live import from_sae_lens
from .sae import Sae

# Loaders of sae-lens that read safetensors or plain numpy arrays; the others unpickle what they download.
_LOADERS_WITHOUT_PICKLES = (
    "sae_lens",
    "gemma_2",
    "gemma_2_transcoder",
    "gemma_3",
    "llama_scope",
    "llama_scope_r1_distill",
    "mntss_clt_layer_transcoder",
    "mwhanna_transcoder",
    "sparsify",
    "temporal",
)


def load_release(name: str) -> Sae:
    """Loads ``release/sae_id`` through sae-lens, which fetches it from the model hub.

    Raises:
        InvalidInput: the name has no release in front.
        LoadError: sae-lens does not know it, or could not fetch it, or would unpickle it.
        SaeMismatch: its kind cannot be steered with; found out before the weights are fetched.
    """
    release, _, sae_id = name.partition("/")
    if not sae_id:
        raise InvalidInput("sae", name, "a folder, or release/sae_id as sae-lens lists them")
    from sae_lens import SAE
    from sae_lens.loading.pretrained_sae_loaders import (
        get_conversion_loader_name,
        load_sae_config_from_huggingface,
    )
    from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

    if release not in get_pretrained_saes_directory():
        raise LoadError(
            f"{name!r} is no folder here, and sae-lens lists no release {release!r}. Check the spelling "
            "in sae-lens' list of pretrained SAEs, or give a local folder."
        )
    if get_conversion_loader_name(release) not in _LOADERS_WITHOUT_PICKLES:
        raise LoadError(
            f"The SAEs of release {release!r} are pickled files, a format that can carry code, so they are not "
            "opened here. If you trust their origin, convert it once: "
            f"sae_lens.SAE.from_pretrained({release!r}, {sae_id!r}).save_model(folder), and give that folder."
        )
    try:
        check_architecture(load_sae_config_from_huggingface(release, sae_id)["architecture"])
        sae = SAE.from_pretrained(release, sae_id, device="cpu")
    except SaeMismatch:
        raise
    except Exception as error:  # sae-lens and the hub client raise many kinds
        raise LoadError(
            f"sae-lens could not load {sae_id!r} of release {release!r}: {error}. "
            "Check both names in sae-lens' list of pretrained SAEs, and the connection to the model hub; "
            "or give a local folder."
        ) from error
    return from_sae_lens(sae, name)
