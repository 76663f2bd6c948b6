"""The features of an SAE whose decoder rows point most nearly the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..errors import SaeMismatch
from ..protocol import Scored, ScoredFeature
from ..spec import Feature, feature_of

if TYPE_CHECKING:
    from torch import Tensor

    from ..protocol import NeighboursOf
    from ..saes.sae import Sae
    from .directions import Directions

_N_NUMBERS = 1 << 24  # of the decoder in float32 at once: 64 MiB


@torch.inference_mode()
def find_neighbours(directions: Directions, question: NeighboursOf) -> Scored:
    """Ranks the features by cosine, in float32; the direction's own feature and dead ones are left out.

    Args:
        directions: what features and vectors are, and the SAEs.
        question: which direction, in which SAE, and how many.

    Raises:
        InvalidInput: there is no such SAE or feature, or none at the vector's hook point.
        SaeMismatch: the SAE has another width than the direction.
    """
    direction, hook_name = directions.of(question.direction)
    own, name = feature_of(question.direction), question.sae
    if not name:
        name = directions.name_at(hook_name) if own is None else own.sae
    sae = directions.sae_of(Feature(0, sae=name))
    if sae.d_in != len(direction):
        raise SaeMismatch("sae", name or sae.name, f"an SAE of width {len(direction)}, not {sae.d_in}")
    cosines = _cosines(sae, direction)
    if isinstance(question.direction, Feature) and directions.sae_of(question.direction) is sae:
        cosines[question.direction.index] = -torch.inf
    values, indices = cosines.topk(min(question.k, len(cosines)))
    return Scored(
        tuple(
            ScoredFeature(index, cosine)
            for index, cosine in zip(indices.tolist(), values.tolist(), strict=True)
            if cosine > -torch.inf
        ),
        name,
    )


def _cosines(sae: Sae, direction: Tensor) -> Tensor:
    """Cosine of each decoder row with the direction, `[d_sae]`; −∞ for a row that is zero or not finite."""
    unit = direction.to(sae.decoder.device)
    unit = unit / torch.linalg.vector_norm(unit)
    step = max(1, _N_NUMBERS // sae.d_in)
    pieces: list[Tensor] = []
    for start in range(0, sae.d_sae, step):
        rows = sae.decoder[start : start + step].float()
        norms = torch.linalg.vector_norm(rows, dim=-1)
        is_alive = (norms > 0) & torch.isfinite(norms)
        pieces.append(torch.where(is_alive, rows @ unit / norms, -torch.inf))
    return torch.cat(pieces)
