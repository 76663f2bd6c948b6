"""Statistics of every feature of an SAE on texts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from ..errors import InvalidInput, MissingPath, UnknownFeature
from ..extras import optional
from ..protocol import Example, FeatureCard, ProfiledTexts

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

SUFFIX: Final = ".safetensors"
_HEAD, _WINDOWS = "head", "windows"
_NEEDED = ("n_tokens", "n_fired", "total", "top_act", "norms", "norm_total", "window_of", _HEAD, _WINDOWS)
# As worker.feature_statistics has them.
_BINS_PER_OCTAVE, _FIRST_OCTAVE = 128, -20
_WANTED = "a profile that steer_widget wrote"


class ProfileHead(msgspec.Struct, frozen=True):
    """What a profile is of.

    Attributes:
        name: of the texts, in the user's words.
        model: its name.
        sae, hook_name: which SAE, and where it reads.
        n_texts: that were counted.
        digest: fingerprint of them all in their order.
        is_whole: whether the texts had come to their end.
    """

    name: str
    model: str
    sae: str
    hook_name: str
    n_texts: int
    digest: str
    is_whole: bool


class Profile:
    """Density, activations, examples and residual norms, see `Steerer.profile`. Special tokens and sinks are left out.

    Attributes:
        head: what it is of.
        state: as the worker stores it, for going on.
    """

    def __init__(self, head: ProfileHead, state: bytes, windows: tuple[tuple[str, str, str], ...]) -> None:
        from safetensors.numpy import load

        self.head = head
        self.state = state
        self._windows = windows
        self._arrays: dict[str, NDArray[np.generic]] = load(state)

    @classmethod
    def of(cls, head: ProfileHead, found: ProfiledTexts) -> Profile:
        """Out of what the worker told."""
        return cls(head, found.state, found.windows)

    # ---- what it tells

    @property
    def name(self) -> str:
        """Of the texts that the numbers are from."""
        return self.head.name

    @property
    def n_texts(self) -> int:
        """Texts that were counted."""
        return self.head.n_texts

    @property
    def n_tokens(self) -> int:
        """Tokens that count: without special ones and attention sinks."""
        return int(self._arrays["n_tokens"][0])

    @property
    def d_sae(self) -> int:
        """Number of features."""
        return len(self._arrays["n_fired"])

    @property
    def n_examples(self) -> int:
        """Texts that are kept of each feature at most."""
        return int(self._arrays["top_act"].shape[1])

    @property
    def n_dead(self) -> int:
        """Features that fired on no token."""
        return int((self._arrays["n_fired"] == 0).sum())

    @property
    def densities(self) -> NDArray[np.float64]:
        """Share of tokens on which each feature fires, `[d_sae]`."""
        return self._arrays["n_fired"] / max(1, self.n_tokens)  # type: ignore[no-any-return, operator]

    @property
    def max_acts(self) -> NDArray[np.float32]:
        """Largest activation of each feature, in the SAE's units, `[d_sae]`; 0 where it never fired."""
        return self._arrays["top_act"][:, 0].astype("float32")

    @property
    def mean_acts(self) -> NDArray[np.float64]:
        """Mean activation of each feature over the tokens on which it fires, `[d_sae]`; 0 where it never fired."""
        return self._arrays["total"] / self._arrays["n_fired"].clip(1)  # type: ignore[no-any-return]

    @property
    def residual_norm(self) -> float | None:
        """Median |h| at the hook point, within 0.5 %; None without tokens."""
        n = self.n_tokens
        if n == 0:
            return None
        found = int((self._arrays["norms"].cumsum() >= (n + 1) // 2).argmax())
        return math.exp2((found + 0.5) / _BINS_PER_OCTAVE + _FIRST_OCTAVE)

    @property
    def mean_residual_norm(self) -> float | None:
        """Mean |h| at the hook point; None without tokens."""
        return float(self._arrays["norm_total"][0]) / self.n_tokens if self.n_tokens else None

    def examples(self, index: int) -> tuple[Example, ...]:
        """The texts on which a feature fires most, different ones, best first, around the token where it does.

        Raises:
            UnknownFeature: the SAE has no such feature.
        """
        acts, numbers = self._arrays["top_act"][self._checked(index)], self._arrays["window_of"][index]
        return tuple(
            Example(float(act), *self._windows[number])
            for act, number in zip(acts.tolist(), numbers.tolist(), strict=True)
            if act > 0
        )

    def card(self, index: int) -> FeatureCard:
        """Density, maximum activation and examples of a feature, as a card.

        Raises:
            UnknownFeature: the SAE has no such feature.
        """
        at, n = self._checked(index), self.n_tokens
        # Cards are made often: of one feature, not of all.
        return FeatureCard(
            at,
            density=int(self._arrays["n_fired"][at]) / n if n else None,
            max_act=float(self._arrays["top_act"][at, 0]) or None,
            examples=self.examples(at),
        )

    def to_pandas(self) -> pd.DataFrame:
        """A row for each feature: density, max_act, mean_act, and the best example.

        Raises:
            SteerError: pandas is not installed.
        """
        pandas = optional("pandas", "there is no table")
        best = [next(iter(self.examples(index)), None) for index in range(self.d_sae)]
        return pandas.DataFrame(
            {
                "density": self.densities,
                "max_act": self.max_acts,
                "mean_act": self.mean_acts,
                "token": ["" if one is None else one.token for one in best],
                "example": ["" if one is None else one.left + one.token + one.right for one in best],
            },
            index=pandas.RangeIndex(self.d_sae, name="feature"),
        )

    def __repr__(self) -> str:
        norm = self.residual_norm
        parts = (
            f"{self.n_texts:,} texts{'' if self.head.is_whole else ' (not all)'}",
            f"{self.n_tokens:,} tokens",
            f"{self.d_sae - self.n_dead:,} of {self.d_sae:,} features fired",
            f"residual norm {'unknown' if norm is None else f'{norm:.4g}'}",
        )
        return f"<Profile of {self.head.sae} on {self.name}: {', '.join(parts)}>"

    # ---- on disk

    def save(self, path: str | Path) -> Path:
        """Writes it as safetensors, in place of what was there; `sw.load_profile` reads it.

        Raises:
            InvalidInput: the name does not end in .safetensors.
            OSError: it could not be written.
        """
        from ..vectors.files import named

        target = named(path, SUFFIX, otherwise="to_pandas().to_csv writes tables.")
        new = target.with_name(f".{target.name}.new")
        new.write_bytes(self.body())
        new.replace(target)
        return target

    def body(self) -> bytes:
        """What `save` writes."""
        import numpy as np
        from safetensors.numpy import save

        texts = {_HEAD: msgspec.json.encode(self.head), _WINDOWS: msgspec.json.encode(self._windows)}
        return save({**self._arrays, **{k: np.frombuffer(v, dtype=np.uint8) for k, v in texts.items()}})

    def _checked(self, index: int) -> int:
        if not 0 <= index < self.d_sae:
            raise UnknownFeature("feature", index, f"0 to {self.d_sae - 1}")
        return index


class ProfileGains:
    """What a profile adds to cards. `comes_first`: whether its numbers stand instead of the SAE's own."""

    def __init__(self, profile: Profile, *, comes_first: bool) -> None:
        self._profile = profile
        self.comes_first = comes_first
        self.densities: Mapping[int, float] = dict(enumerate(profile.densities.tolist()))

    def complete(self, card: FeatureCard) -> FeatureCard:
        """The card with what the profile knows, where it lacks it or the profile comes first."""
        if not 0 <= card.index < self._profile.d_sae:
            return card
        own = self._profile.card(card.index)
        known = {name: getattr(own, name) for name in ("density", "max_act", "examples")}
        gains = {
            name: value
            for name, value in known.items()
            if value not in (None, ()) and (self.comes_first or getattr(card, name) in (None, ()))
        }
        return msgspec.structs.replace(card, **gains) if gains else card


def load_profile(path: str | Path) -> Profile:
    """Reads a profile that `Profile.save` wrote.

    Raises:
        MissingPath: there is no such file, or it cannot be read.
        InvalidInput: it holds something else, or is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load, save

    from ..vectors.files import refused

    source = Path(path).expanduser()
    try:
        arrays = load(source.read_bytes())
        missing = [name for name in _NEEDED if name not in arrays]
        if missing:
            raise refused(source, _WANTED, f"it has no {missing[0]}")
        head = msgspec.json.decode(arrays.pop(_HEAD).tobytes(), type=ProfileHead)
        windows = msgspec.json.decode(arrays.pop(_WINDOWS).tobytes(), type=tuple[tuple[str, str, str], ...])
    except (OSError, ValueError) as error:
        if isinstance(error, (InvalidInput, msgspec.DecodeError)):
            raise refused(source, _WANTED, str(error)) from error
        raise MissingPath("path", str(source), _WANTED, hint=str(error)) from error
    except SafetensorError as error:
        raise refused(source, _WANTED, str(error)) from error
    return Profile(head, save(arrays), windows)
