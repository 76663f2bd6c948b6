"""Named sets of features, of prompts and of vectors: a JSON file each, in the folder ``sets`` of the user's data folder.

FeatureSets, PromptSets, VectorSets ─► Sets ─► SetFolder ─► files
                                      └─ what is in a file is read with distrust
"""

from __future__ import annotations

from ._base import Sets
from .feature_set import FeatureSet, MadeOn
from .features import FeatureSets
from .names import check_name, file_stem
from .prompts import PromptSets
from .vectors import VectorSets

__all__ = [
    "FeatureSet",
    "FeatureSets",
    "MadeOn",
    "PromptSets",
    "Sets",
    "VectorSets",
    "check_name",
    "file_stem",
]
