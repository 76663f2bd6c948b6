"""Steer a language model by the features of its SAE, in a notebook: baseline and steerings side by side.

    import steer_widget as sw
    steerer = sw.demo()                      # displays its widget
    run = steerer.compare("I went for a walk and", [steerer.feature(523).at(70)])
    run.result()

Every name is loaded when it is first used, so importing this costs nothing.
"""

from __future__ import annotations

from importlib import import_module, metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from . import errors
    from .catalog import Hit
    from .cell import Cell
    from .errors import (
        Diverged,
        DownloadError,
        GenerationError,
        HistoryError,
        HookInactive,
        InvalidInput,
        LoadError,
        MissingPath,
        OutOfMemory,
        PromptTooLong,
        ProtocolError,
        QueueFull,
        ResultFormatError,
        SaeMismatch,
        StaleValue,
        SteererClosed,
        SteerError,
        Superseded,
        TaskStopped,
        TimeLimit,
        UnknownFeature,
        UnknownSet,
        WorkerCrashLoop,
        WorkerDied,
        WorkerError,
        WorkerTimeout,
    )
    from .history import Entry, History
    from .labels import AddedLabels, Neuronpedia
    from .loading import demo, from_model, load
    from .logit_lens import LogitLens
    from .neuronpedia import NeuronpediaSetup, read_neuronpedia
    from .next_token import NextToken
    from .own_model import steered
    from .profiles import Profile, load_profile
    from .prompt_files import read_prompts
    from .protocol import (
        Alternative,
        FeatureActivation,
        FeatureShift,
        LensToken,
        Measures,
        PromptToken,
        TokenMeasures,
    )
    from .recipes import Comparison, Recipe, load_recipe
    from .recycling import Recycling
    from .result import RunResult
    from .run import Run
    from .saving import load_result
    from .sets import FeatureSet, FeatureSets, PromptSets, VectorSets
    from .spec import (
        Band,
        BandPoint,
        Control,
        Edit,
        Feature,
        Generation,
        Grid,
        Limits,
        Message,
        Schedule,
        Selection,
        Span,
        Steering,
        TokenPositions,
        Vector,
    )
    from .steerer import Steerer
    from .task import Task
    from .token_features import TokenFeatures, TokenHits
    from .tokenized_prompt import TokenizedPrompt
    from .vectors import load_vector, load_vectors, save_vectors
    from .widget import SteerWidget

    __version__: str

__all__ = [
    "AddedLabels",
    "Alternative",
    "Band",
    "BandPoint",
    "Cell",
    "Comparison",
    "Control",
    "Diverged",
    "DownloadError",
    "Edit",
    "Entry",
    "Feature",
    "FeatureActivation",
    "FeatureSet",
    "FeatureSets",
    "FeatureShift",
    "Generation",
    "GenerationError",
    "Grid",
    "History",
    "HistoryError",
    "Hit",
    "HookInactive",
    "InvalidInput",
    "LensToken",
    "Limits",
    "LoadError",
    "LogitLens",
    "Measures",
    "Message",
    "MissingPath",
    "Neuronpedia",
    "NeuronpediaSetup",
    "NextToken",
    "OutOfMemory",
    "Profile",
    "PromptSets",
    "PromptToken",
    "PromptTooLong",
    "ProtocolError",
    "QueueFull",
    "Recipe",
    "Recycling",
    "ResultFormatError",
    "Run",
    "RunResult",
    "SaeMismatch",
    "Schedule",
    "Selection",
    "Span",
    "StaleValue",
    "SteerError",
    "SteerWidget",
    "Steerer",
    "SteererClosed",
    "Steering",
    "Superseded",
    "Task",
    "TaskStopped",
    "TimeLimit",
    "TokenFeatures",
    "TokenHits",
    "TokenMeasures",
    "TokenPositions",
    "TokenizedPrompt",
    "UnknownFeature",
    "UnknownSet",
    "Vector",
    "VectorSets",
    "WorkerCrashLoop",
    "WorkerDied",
    "WorkerError",
    "WorkerTimeout",
    "__version__",
    "demo",
    "errors",
    "from_model",
    "load",
    "load_profile",
    "load_recipe",
    "load_result",
    "load_vector",
    "load_vectors",
    "read_neuronpedia",
    "read_prompts",
    "save_vectors",
    "steered",
]

_HOMES = {
    "catalog": ("Hit",),
    "cell": ("Cell",),
    "history": ("Entry", "History"),
    "labels": ("AddedLabels", "Neuronpedia"),
    "loading": ("demo", "from_model", "load"),
    "recipes": ("Comparison", "Recipe", "load_recipe"),
    "recycling": ("Recycling",),
    "result": ("RunResult",),
    "run": ("Run",),
    "saving": ("load_result",),
    "logit_lens": ("LogitLens",),
    "neuronpedia": ("NeuronpediaSetup", "read_neuronpedia"),
    "next_token": ("NextToken",),
    "protocol": (
        "Alternative",
        "FeatureActivation",
        "FeatureShift",
        "LensToken",
        "Measures",
        "PromptToken",
        "TokenMeasures",
    ),
    "profiles": ("Profile", "load_profile"),
    "own_model": ("steered",),
    "prompt_files": ("read_prompts",),
    "sets": ("FeatureSet", "FeatureSets", "PromptSets", "VectorSets"),
    "spec": (
        "Band",
        "BandPoint",
        "Control",
        "Edit",
        "Feature",
        "Generation",
        "Grid",
        "Limits",
        "Message",
        "Schedule",
        "Selection",
        "Span",
        "Steering",
        "TokenPositions",
        "Vector",
    ),
    "steerer": ("Steerer",),
    "task": ("Task",),
    "token_features": ("TokenFeatures", "TokenHits"),
    "tokenized_prompt": ("TokenizedPrompt",),
    "vectors": ("load_vector", "load_vectors", "save_vectors"),
    "widget": ("SteerWidget",),
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return metadata.version("steer_widget")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "errors":
        return import_module(f"{__name__}.errors")
    home = next((home for home, names in _HOMES.items() if name in names), "errors")
    value: object = getattr(import_module(f"{__name__}.{home}"), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
