"""Profiles in the data folder: the one that is used, and the one that is being made, for each model and SAE."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

from ..errors import HistoryError, InvalidInput
from .profile import SUFFIX, Profile, load_profile

_log = logging.getLogger(__name__)


class ProfileStore:
    """Files of profiles.

    Args:
        folder: the data folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "profiles"

    def read(self, key: str, *, part: bool = False) -> Profile | None:
        """The profile of a model and SAE; None where there is none, or it is damaged, which is logged.

        Args:
            key: names model and SAE.
            part: whether the one that was being made is meant.
        """
        path = self._path(key, part=part)
        if not path.exists():
            return None
        try:
            return load_profile(path)
        except InvalidInput as error:
            _log.warning("a profile could not be read: %s", error)
            return None

    def keep(self, key: str, profile: Profile, *, part: bool = False) -> None:
        """Writes a profile down, in place of what was there; a whole one ends the one that was being made.

        Raises:
            HistoryError: it could not be written.
        """
        path = self._path(key, part=part)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            profile.save(path)
            if not part:
                self._path(key, part=True).unlink(missing_ok=True)
        except OSError as error:
            raise HistoryError(
                f"The profile could not be written to {path}: {error}. It holds in this session. "
                "Make room there, or save it elsewhere: profile.save('profile.safetensors')."
            ) from error

    def _path(self, key: str, *, part: bool) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()[:24]
        return self._folder / f"{name}{'.part' if part else ''}{SUFFIX}"
