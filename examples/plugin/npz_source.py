"""SAEs out of numpy archives, as Gemma Scope keeps its own: `npz:blocks.20.hook_resid_post:~/params.npz`.

An archive has `W_enc` [d_in, d_sae], `W_dec` [d_sae, d_in], `b_enc`, `b_dec` and, for JumpReLU, `threshold`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from steer_widget.errors import InvalidInput, MissingPath
from steer_widget.saes.assembly import make_sae
from steer_widget.saes.sae import Sae


def load(name: str) -> Sae:
    """The SAE of `hook_name:path`.

    Raises:
        InvalidInput: there is no hook name in front of the path.
        MissingPath: no such file.
    """
    hook_name, _, given = name.partition(":")
    if not hook_name or not given:
        raise InvalidInput(
            "sae", name, "npz:hook_name:path, such as npz:blocks.20.hook_resid_post:params.npz"
        )
    path = Path(given).expanduser()
    if not path.is_file():
        raise MissingPath("sae", given, "a .npz file that exists", hint=f"Looked for {path.absolute()}.")
    with np.load(path, allow_pickle=False) as archive:  # a pickle could carry code
        tensors = {key: torch.from_numpy(archive[key]) for key in archive.files}
    d_in, d_sae = tensors["W_enc"].shape
    config = {
        "architecture": "jumprelu" if "threshold" in tensors else "standard",
        "d_in": d_in,
        "d_sae": d_sae,
        "apply_b_dec_to_input": False,
        "metadata": {"hook_name": hook_name},
    }
    return make_sae(f"npz:{name}", config, tensors)
