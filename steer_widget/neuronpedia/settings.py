"""What Neuronpedia's steering takes and gives, as JSON or in an address: read with distrust, brought into one form.

Sources, read in November 2026 in github.com/hijohnnylin/neuronpedia: `apps/webapp/app/api/steer/route.tsx` and
`steer-chat/route.tsx` (requests), `steer-load/route.tsx` (saved outputs), `app/[modelId]/steer/page.tsx` (addresses).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from ..errors import InvalidInput
from ..spec import Message

_N_PATH_PARTS: Final = 2
_WANTED: Final = (
    "settings of Neuronpedia's steering: a request's JSON, a saved output's, or an address with a feature"
)
_KNOWN: Final = frozenset(
    {
        *(
            "prompt",
            "defaultChatMessages",
            "steeredChatMessages",
            "modelId",
            "features",
            "temperature",
            "n_tokens",
        ),
        *("freq_penalty", "seed", "strength_multiplier", "steer_special_tokens", "steer_method", "stream"),
    }
)
_OF_OUTPUTS: Final = frozenset(
    {"STEERED", "DEFAULT", "inputText", "outputTextIncludesPrompt", "id", "limit", "shareUrl"}
)


class SteeredFeature(msgspec.Struct, frozen=True):
    """A feature as Neuronpedia names it: ``modelId/layer`` is its SAE."""

    layer: str
    index: int
    strength: float
    modelId: str = ""  # noqa: N815 - as it is in the JSON


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a request says; defaults are the page's (`lib/utils/steer.ts`), where a request may leave them out.

    Attributes:
        others: names of settings that are not known here, and what they are.
    """

    features: tuple[SteeredFeature, ...]
    prompt: str | None = None
    default_chat: tuple[Message, ...] = ()
    steered_chat: tuple[Message, ...] = ()
    temperature: float = 0.5
    n_tokens: int = 256
    freq_penalty: float = 0.0
    seed: float = 16
    strength_multiplier: float = 1.0
    steer_special_tokens: bool = True
    steer_method: str = "SIMPLE_ADDITIVE"
    others: dict[str, object] = {}


def settings_of(given: Mapping[str, Any] | str) -> Settings:
    """Settings from a request, from a saved output or from an address.

    Raises:
        InvalidInput: it is none of them, or a value in it is not what it should be.
    """
    if isinstance(given, str):
        return _of_address(given)
    plain = dict(given)
    if isinstance(plain.get("settings"), Mapping):
        plain = _of_output(plain)
    others = {
        name: value
        for name, value in plain.items()
        if name not in _KNOWN and value not in (None, False, [], {})
    }
    values = {name: value for name, value in plain.items() if name in _KNOWN and value is not None}
    for name, renamed in (("defaultChatMessages", "default_chat"), ("steeredChatMessages", "steered_chat")):
        if name in values:
            values[renamed] = values.pop(name)
    model = values.pop("modelId", "")
    values.pop("stream", None)
    try:
        found = msgspec.convert({**values, "others": others}, Settings, strict=False)
    except (msgspec.ValidationError, InvalidInput) as error:
        raise InvalidInput("settings", str(error), _WANTED) from error
    features = tuple(
        one if one.modelId else msgspec.structs.replace(one, modelId=str(model)) for one in found.features
    )
    return msgspec.structs.replace(found, features=features)


def _of_output(plain: dict[str, Any]) -> dict[str, Any]:
    """The request behind what `steer-load` gives: its prompt is beside the texts, its features are table rows."""
    asked = {**plain["settings"], "features": plain.get("features")}
    others = {
        name: value for name, value in plain.items() if name not in {"settings", "features", *_OF_OUTPUTS}
    }
    chats = {
        name: _without_answer(plain.get(kind))
        for name, kind in (("steeredChatMessages", "STEERED"), ("defaultChatMessages", "DEFAULT"))
    }
    told = {name: chat for name, chat in chats.items() if chat}
    return {**asked, **others, **(told or {"prompt": plain.get("inputText")})}


def _without_answer(output: object) -> list[object]:
    """The turns that were asked, off a conversation that ends with the answer."""
    turns = output.get("chatTemplate") if isinstance(output, Mapping) else None
    if not isinstance(turns, list) or not turns:
        return []
    is_answered = isinstance(turns[-1], Mapping) and turns[-1].get("role") in ("assistant", "model")
    return turns[:-1] if is_answered else turns


def _of_address(address: str) -> Settings:
    parts = urlsplit(address)
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    path = [part for part in parts.path.split("/") if part]
    is_saved = "saved" in asked or path[:1] == ["steer"]
    if is_saved:
        saved = asked.get("saved") or path[-1]
        raise InvalidInput(
            "settings", address, "an address that holds a feature, or JSON",
            hint="This one holds the number of a saved output alone, and nothing is fetched from here. Fetch it: "
            f'POST https://www.neuronpedia.org/api/steer-load {{"steerOutputId": "{saved}"}}, and give the JSON.',
        )  # fmt: skip
    if len(path) != _N_PATH_PARTS or path[1] != "steer" or not {"source", "index"} <= set(asked):
        raise InvalidInput("settings", address, _WANTED)
    feature = {"modelId": path[0], "layer": asked["source"], "index": asked["index"]}
    return settings_of({"features": [{**feature, "strength": asked.get("strength", 0)}]})
