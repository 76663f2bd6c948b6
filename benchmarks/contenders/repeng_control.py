"""repeng: its ControlModel around one layer, the decoder's row as control vector, `generate`."""

from __future__ import annotations

from typing import Any
from unittest import mock

import numpy as np
import torch

from ..subject import LAYER, PROMPT, Subject, TokenIds, load_model


class RepengControl:
    """repeng's way of steering. It changes the model that it wraps, so it has a copy of its own.

    Args:
        subject: tells the direction.
    """

    def __init__(self, subject: Subject) -> None:
        # repeng 0.4 still names a type that numpy 2 dropped, in one annotation.
        with mock.patch.object(np, "float_", np.float64, create=True):
            from repeng import ControlModel, ControlVector
        self._model: Any = ControlModel(load_model(), [LAYER])
        self._vector = ControlVector(
            model_type=self._model.config.model_type, directions={LAYER: subject.direction.numpy()}
        )
        self._prompt_ids = torch.tensor([subject.prompt_ids(PROMPT)])

    def text(self, strength: float, n_tokens: int) -> TokenIds:
        """See `Contender.text`."""
        if strength:
            self._model.set_control(self._vector, strength)
        else:
            self._model.reset()
        with torch.inference_mode():
            out = self._model.generate(
                input_ids=self._prompt_ids,
                attention_mask=torch.ones_like(self._prompt_ids),
                max_new_tokens=n_tokens,
                do_sample=False,
                pad_token_id=0,
            )
        return tuple(out[0, self._prompt_ids.shape[1] :].tolist())
