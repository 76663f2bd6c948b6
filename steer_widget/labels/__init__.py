"""Labels and statistics of features from elsewhere: files, frames, Neuronpedia."""

from .added import AddedLabels
from .neuronpedia import Neuronpedia
from .source import LabelSource, read_labels

__all__ = ["AddedLabels", "LabelSource", "Neuronpedia", "read_labels"]
