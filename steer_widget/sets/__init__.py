"""Named sets of features and of prompts: a JSON file each, in the folder ``sets`` of the user's data folder.

FeatureSets, PromptSets ─► Sets ─► SetFolder ─► files
                                      └─ what is in a file is read with distrust
"""

from __future__ import annotations

from ._base import Sets
from .feature_set import FeatureSet, MadeOn
from .features import FeatureSets
from .names import file_stem
from .prompts import PromptSets

__all__ = ["FeatureSet", "FeatureSets", "MadeOn", "PromptSets", "Sets", "file_stem"]
