"""Configurations that sae-lens wrote before version 6, in the words of version 6.

sae-lens 6 still loads those folders (`handle_pre_6_0_config`); what it takes over from them is taken over
here, and what it drops although it changes what the SAE computes is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import SaeMismatch

_RENAMED = {"hook_point": "hook_name", "activation_fn_str": "activation_fn"}
_FIRST_VERSION_READ_AS_IS = 6


def modernise(config: Mapping[str, Any]) -> dict[str, Any]:
    """The same configuration as version 6 would have written it.

    Raises:
        SaeMismatch: its activation function is one that sae-lens no longer has.
    """
    if _major_version(config) >= _FIRST_VERSION_READ_AS_IS:
        return dict(config)
    modern = {_RENAMED.get(key, key): value for key, value in config.items()}
    activation = modern.pop("activation_fn", None) or "relu"
    if activation == "topk":
        modern["architecture"] = "topk"
    elif activation != "relu":
        raise SaeMismatch(
            "sae", f"activation_fn={activation}", "relu or topk",
            hint="sae-lens 6 would read it as relu, and its activations would not be those it was trained to give.",
        )  # fmt: skip
    k = (modern.get("activation_fn_kwargs") or {}).get("k")
    if k is not None:
        modern["k"] = k
    modern.setdefault("architecture", "standard")
    normalisation = modern.get("normalize_activations")
    if not isinstance(normalisation, str):  # a switch, in the first versions
        modern["normalize_activations"] = "expected_average_only_in" if normalisation else "none"
    return modern


def _major_version(config: Mapping[str, Any]) -> int:
    metadata = config.get("metadata") or {}
    version = config.get("sae_lens_version") or metadata.get("sae_lens_version")
    number = re.match(r"\d+", str(version))
    return int(number[0]) if number else 0
