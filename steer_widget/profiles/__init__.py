"""Statistics of an SAE's features on the user's own texts: made, kept on disk, and put on cards."""

from __future__ import annotations

from .cards import ProfileBook, ProfileCards
from .corpus import Corpus
from .profile import Profile, ProfileHead, load_profile
from .store import ProfileStore

__all__ = ["Corpus", "Profile", "ProfileBook", "ProfileCards", "ProfileHead", "ProfileStore", "load_profile"]
