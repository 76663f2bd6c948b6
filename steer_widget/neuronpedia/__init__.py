"""Steering settings of neuronpedia.org, as this package runs them."""

from __future__ import annotations

from .reading import read_neuronpedia
from .setup import NeuronpediaSetup

__all__ = ["NeuronpediaSetup", "read_neuronpedia"]
