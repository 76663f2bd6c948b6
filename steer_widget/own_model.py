"""A steering on a model that the user holds in this process, for other tools to run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from .arguments import as_column
from .backends.inline import read_sae
from .catalog import Catalog, KnownSae
from .errors import InvalidInput
from .sae_choice import choose_saes
from .spec import Edit, Steering, feature_of

if TYPE_CHECKING:
    from sae_lens import SAE
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from .sae_choice import SaeName
    from .worker.steered_model import SteeredModel

SaeSources = Mapping[str, "SAE | str"]
"""SAEs by name: in memory, or the folder or release they come from."""


def steered(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sae: SAE | SaeName | Sequence[SAE | SaeName] | Mapping[str, SAE | SaeName],
    steering: Edit | Steering | Sequence[Edit],
) -> SteeredModel:
    """A context in which a model of yours is steered, whatever tool runs it: see `Steerer.steered`.

    Args:
        model: a Hugging Face causal model.
        tokenizer: its tokenizer.
        sae: a SAELens SAE, or where one lies, as for `sw.from_model`.
        steering: an edit, a list of edits that act together, or a `sw.Steering`.

    Raises:
        InvalidInput: a value is refused; names the field, the value, what is allowed.
        SaeMismatch: model and SAE do not fit.
        HookInactive: an edit at a hook point changes nothing.
    """
    chosen = choose_saes(sae, in_memory=True)
    sources = {c.name: c.source.path if c.held is None else c.held for c in chosen}
    known = [KnownSae(c.name, c.facts.d_sae) for c in chosen]
    column = as_column(steering)
    max_act = Catalog(lambda: known).check(column.edits)
    return steered_model(model, tokenizer, sources, column, max_act)


def steered_model(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase | None,
    saes: SaeSources,
    column: Steering,
    max_act: Mapping[str, float],
) -> SteeredModel:
    """The context of a column whose defaults are filled in and whose features are checked.

    Args:
        model: the user's.
        tokenizer: its own; None takes the one that lies where the model came from.
        saes: of the features, the first one first.
        column: without the unit auto.
        max_act: maximum activation by `Feature.key`.

    Raises:
        InvalidInput: see `steered`.
        SaeMismatch: same.
        HookInactive: same.
    """
    import torch

    from .worker.adapter import Adapter
    from .worker.checked_point import CheckedPoints
    from .worker.directions import Directions
    from .worker.fitting import fit_saes
    from .worker.steered_model import SteeredModel, unsteered

    given: object = model
    if not isinstance(given, torch.nn.Module) or not hasattr(given, "generate"):
        raise InvalidInput("model", type(given).__name__, "a Hugging Face causal model")
    adapter = Adapter(model, tokenizer if tokenizer is not None else _tokenizer_of(model))
    points = CheckedPoints(adapter)
    # What is measured on the model is measured on it as it is, also inside another such context.
    with unsteered(model), torch.inference_mode():
        read = {name: read_sae(name, saes[name]) for name in _needed(column, list(saes))}
        directions = Directions(points, fit_saes(adapter, points, read))
        edits = [directions.resolve(edit, max_act) for edit in column.edits]
    acting = [edit for edit in edits if edit is not None]
    with torch.inference_mode(mode=False):
        plain = [replace(edit, direction=edit.direction.clone()) for edit in acting]
    return SteeredModel(adapter, plain, keeps_norm=bool(column.preserve_norm))


def _needed(column: Steering, names: Sequence[str]) -> Iterable[str]:
    """The first SAE, which says where vectors act, and those of the features."""
    features = (feature_of(edit.feature) for edit in column.edits)
    return dict.fromkeys([names[0], *(f.sae for f in features if f is not None and f.sae)])


def _tokenizer_of(model: PreTrainedModel) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(model.name_or_path)
    except (OSError, ValueError) as error:
        raise InvalidInput(
            "tokenizer", None, "the model's tokenizer",
            hint=f"None was found where the model came from, {model.name_or_path!r}: give it.",
        ) from error  # fmt: skip
