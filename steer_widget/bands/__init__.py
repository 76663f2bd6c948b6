"""Bands of strengths that were measured: kept on disk, on cards, and turned into raw strengths."""

from __future__ import annotations

from .book import BandBook, BandCards
from .prompts import EVERYDAY_PROMPTS
from .units import BandOf, in_raw

__all__ = ["EVERYDAY_PROMPTS", "BandBook", "BandCards", "BandOf", "in_raw"]
