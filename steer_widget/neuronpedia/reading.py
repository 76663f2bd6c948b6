"""From Neuronpedia's steering settings to a prompt, a steering and a generation.

Formulas, as in `apps/inference/neuronpedia_inference/endpoints/steer/completion.py` of November 2026, with
c = strength_multiplier · strength and v the row of the SAE's decoder as SAELens has it:

SIMPLE_ADDITIVE     h + c·v                   here the method add at the raw strength c
ORTHOGONAL_DECOMP   h + (c − 1)·(h·v̂)·v̂       here the method orthogonal at the factor c
PROJECTION_CAP      h·v̂ is kept to at most c  here the method cap, for c from 0 up

Servers before that (TransformerLens) hooked the sum of all features once for each feature: with N features each was
applied N times.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..errors import InvalidInput
from ..saving import read_body
from ..spec import Edit, Generation, Message, Prompt, Steering
from .settings import Settings, SteeredFeature, settings_of
from .setup import NeuronpediaSetup

if TYPE_CHECKING:
    from ..protocol import SaeInfo
    from ..steerer import Steerer

_METHODS: Final = {"SIMPLE_ADDITIVE": "add", "ORTHOGONAL_DECOMP": "orthogonal", "PROJECTION_CAP": "cap"}
_NOTES: Final = (
    "Random numbers are drawn otherwise here, so above temperature 0 the same seed gives other texts.",
    "Neuronpedia puts the BOS token in front of a prompt; here the model's tokenizer decides.",
)
_TIMEOUT_S: Final = 60.0


def read_neuronpedia(
    source: str | Path | Mapping[str, Any],
    steerer: Steerer,
    *,
    saes: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT_S,
) -> NeuronpediaSetup:
    """Steering settings of neuronpedia.org, ready to run here. Fetches nothing; waits until the SAEs are loaded.

    Every setting that has no counterpart is told by a warning and in `unmatched`. A strength becomes
    strength_multiplier · strength, see the formulas in `steer_widget.neuronpedia.reading`.

    Args:
        source: the JSON of a request to ``/api/steer`` or ``/api/steer-chat``, or of a saved output as
            ``/api/steer-load`` gives it: as a dict or the path of a file; or a page's address that holds a feature.
        steerer: whose SAEs the features belong to. They are told by the Neuronpedia id in their configuration, such as
            ``gemma-2-2b/20-gemmascope-res-16k``; the only one at a layer is taken where it has none.
        saes: names of the steerer's SAEs by Neuronpedia's ids, where they cannot be told.
        timeout: seconds, loading included.

    Raises:
        MissingPath: there is no such file.
        InvalidInput: it holds no such settings, or a feature's SAE is not loaded.
        SteerError: the worker could not load, or died.
    """
    settings = settings_of(_plain(source))
    steerer.ready(timeout)
    finder = _SaeFinder(steerer.status.saes, saes or {})
    edits = tuple(_edit(feature, settings, finder, steerer) for feature in settings.features)
    setup = NeuronpediaSetup(
        prompt=_prompt(settings),
        steering=Steering(edits),
        generation=Generation(
            max_new_tokens=settings.n_tokens, temperature=settings.temperature, seed=abs(int(settings.seed))
        ),
        unmatched=(*_unmatched(settings), *finder.doubts),
        notes=_NOTES,
    )
    if setup.unmatched:
        warnings.warn("\n".join(setup.unmatched), stacklevel=2)
    return setup


def _plain(source: object) -> Mapping[str, Any] | str:
    if isinstance(source, Mapping):
        return source
    if isinstance(source, str) and source.startswith(("http://", "https://")):
        return source
    if not isinstance(source, (str, Path)):
        raise InvalidInput("source", source, "a dict, the path of a JSON file, or an address")
    path, body = read_body(source, "a JSON file of Neuronpedia's steering")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            "source", str(path), "a JSON file of Neuronpedia's steering", hint=str(error)
        ) from error
    if not isinstance(found, dict):
        raise InvalidInput("source", str(path), "a JSON object")
    return found


def _prompt(settings: Settings) -> Prompt | None:
    chat = settings.steered_chat or settings.default_chat
    if chat:
        return tuple(
            Message("assistant" if turn.role == "model" else turn.role, turn.content) for turn in chat
        )
    return settings.prompt


def _edit(feature: SteeredFeature, settings: Settings, finder: _SaeFinder, steerer: Steerer) -> Edit:
    method = _METHODS.get(settings.steer_method)
    if method is None:
        raise InvalidInput("steer_method", settings.steer_method, ", ".join(_METHODS))
    strength = settings.strength_multiplier * feature.strength
    if method == "cap" and strength < 0:
        raise InvalidInput(
            "strength", strength, "0 or more with PROJECTION_CAP",
            hint="A negative one keeps the projection above it here, and below it on Neuronpedia.",
        )  # fmt: skip
    found = steerer.feature(feature.index, finder.find(feature))
    return found.at(
        strength, unit="raw", method=method, positions="all", skip_special=not settings.steer_special_tokens
    )


def _unmatched(settings: Settings) -> Iterator[str]:
    if settings.freq_penalty:
        yield (
            f"freq_penalty={settings.freq_penalty:g} was not taken over: it takes this times a token's count off its logit, "
            "which Neuronpedia's present servers do not do either. repetition_penalty is near to it."
        )
    if settings.seed < 0 or settings.seed != int(settings.seed):
        yield f"seed={settings.seed:g} became {abs(int(settings.seed))}: a seed is a whole number from 0 up here."
    if settings.steered_chat and settings.default_chat and settings.steered_chat != settings.default_chat:
        yield "The default conversation differs from the steered one; the steered one is the prompt of both columns here."
    if len(settings.features) > 1:
        n = len(settings.features)
        if settings.steer_method != "SIMPLE_ADDITIVE":
            yield f"The {n} features are applied one after the other there, and to the same hidden state here."
        yield f"Outputs that older servers saved had each of the {n} features applied {n} times; here it is once."
    if settings.steered_chat and not settings.steer_special_tokens:
        yield "steer_special_tokens=False leaves out the marks that Neuronpedia lists; here the tokenizer's special tokens."
    for name, value in settings.others.items():
        yield f"{name}={value!r} has no counterpart here."


class _SaeFinder:
    """The steerer's SAEs by Neuronpedia's ids. `doubts`: where one was taken that does not say its id."""

    def __init__(self, saes: tuple[SaeInfo, ...], named: Mapping[str, str]) -> None:
        self._saes = saes
        self._named = named
        self.doubts: list[str] = []

    def find(self, feature: SteeredFeature) -> str:
        """Name of a feature's SAE; '' for the first."""
        wanted = f"{feature.modelId}/{feature.layer}"
        if wanted in self._named:
            return self._name(self._named[wanted])
        found = next((sae for sae in self._saes if sae.neuronpedia_id == wanted), None)
        if found is not None:
            return self._name(found.name)
        layer = feature.layer.partition("-")[0]
        silent = [sae for sae in self._saes if not sae.neuronpedia_id and str(sae.layer) == layer]
        if len(silent) != 1:
            raise InvalidInput(
                "sae", wanted, ", ".join(sae.neuronpedia_id or sae.name for sae in self._saes),
                hint=f"Load the SAE of this feature, or say which it is: saes={{{wanted!r}: 'its name'}}.",
            )  # fmt: skip
        doubt = f"The SAE {silent[0].name!r} was taken for {wanted}: it is at that layer, but does not say its Neuronpedia id."
        if doubt not in self.doubts:
            self.doubts.append(doubt)
        return self._name(silent[0].name)

    def _name(self, name: str) -> str:
        return "" if name == self._saes[0].name else name
