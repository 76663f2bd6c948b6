"""An SAE from a release that sae-lens lists, such as ``gpt2-small-res-jb/blocks.8.hook_resid_pre``."""

from __future__ import annotations

from ..errors import InvalidInput, LoadError
from .sae import Sae, make_sae


def load_release(name: str) -> Sae:
    """Loads ``release/sae_id`` through sae-lens, which fetches it from the model hub.

    Raises:
        InvalidInput: the name has no release in front.
        LoadError: sae-lens does not know it, or could not fetch it.
        SaeMismatch: its kind cannot be steered with.
    """
    release, _, sae_id = name.partition("/")
    if not sae_id:
        raise InvalidInput("sae", name, "a folder, or release/sae_id as sae-lens lists them")
    from sae_lens import SAE

    try:
        sae = SAE.from_pretrained(release, sae_id, device="cpu")
    except Exception as error:  # sae-lens and the hub client raise many kinds
        raise LoadError(
            f"sae-lens could not load {sae_id!r} of release {release!r}: {error}. "
            "Check both names in sae-lens' list of pretrained SAEs, and the connection to the model hub; "
            "or give a local folder."
        ) from error
    return make_sae(name, sae.cfg.to_dict(), sae.W_dec.detach())
