from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import steer_widget as sw
from steer_widget import errors

DESIGN = {
    "demo", "load", "from_model", "load_result", "Steerer", "SteerWidget", "Feature", "Edit", "Steering", "Generation",
    "Message", "Grid", "Selection", "Run", "RunResult", "Cell", "Hit", "errors", "__version__",
    "Vector", "Control", "Schedule", "Span", "TokenPositions", "Limits", "Recycling",
    "Measures", "TokenMeasures", "Alternative", "FeatureActivation", "FeatureShift",
    "History", "Entry", "NextToken", "PromptToken", "TokenizedPrompt",
    "FeatureSet", "FeatureSets", "PromptSets", "VectorSets", "read_prompts", "LogitLens", "LensToken",
    "TokenFeatures", "TokenHits", "load_vector", "load_vectors", "save_vectors", "Band", "BandPoint", "Task",
    "Recipe", "Comparison", "load_recipe", "steered",
    "NeuronpediaSetup", "read_neuronpedia", "AddedLabels", "Neuronpedia", "Profile", "load_profile",
}  # fmt: skip


def test_the_names_are_the_design_s_and_every_error() -> None:
    every_error = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)
    }
    assert set(sw.__all__) == DESIGN | every_error
    assert sw.__all__ == sorted(sw.__all__)


@pytest.mark.parametrize("name", sw.__all__)
def test_each_name_is_there_and_documented(name: str) -> None:
    value = getattr(sw, name)
    assert value == getattr(sw, name)
    assert name in dir(sw)
    if name != "__version__":
        assert inspect.getdoc(value)


def test_a_name_that_is_not_there_is_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        sw.nonsense  # noqa: B018


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    drawn = [
        (line.index(name) // 4, name)
        for line in (errors.__doc__ or "").split("\n\n")[1].splitlines()
        if (name := next((word for word in line.split() if word.isidentifier()), ""))
    ]
    parents: list[str] = []
    for depth, name in drawn:
        kind = getattr(errors, name)
        assert issubclass(kind, getattr(errors, parents[depth - 1]) if depth else Exception)
        parents[depth:] = [name]
    assert {name for _, name in drawn} == {
        name
        for name, kind in vars(errors).items()
        if inspect.isclass(kind) and issubclass(kind, errors.SteerError)
    }


FRESH = """
import sys, time
start = time.process_time()  # of this process alone: what else the machine does is none of its business
import steer_widget
took = time.process_time() - start
heavy = {"torch", "transformers", "sae_lens", "numpy", "safetensors", "gguf", "pandas", "ipywidgets", "anywidget", "traitlets"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
assert took < 0.3, took
steer_widget.load, steer_widget.demo, steer_widget.Steerer, steer_widget.Run, steer_widget.load_result
steer_widget.load_vector, steer_widget.load_vectors, steer_widget.save_vectors
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""


def test_importing_is_quick_and_light() -> None:
    done = subprocess.run([sys.executable, "-c", FRESH], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
