"""Neuronpedia's steering settings in the terms of this package."""

from __future__ import annotations

import msgspec

from ..spec import Generation, Prompt, Steering


class NeuronpediaSetup(msgspec.Struct, frozen=True, kw_only=True):
    """What `sw.read_neuronpedia` gives: ``steerer.compare(setup.prompt, [setup.steering], generation=setup.generation)``.

    Attributes:
        prompt: text or chat; None where the settings have none.
        steering: all features at once, as Neuronpedia steers them.
        generation: how texts are generated.
        unmatched: settings that have no counterpart here, a sentence each.
        notes: what is otherwise here whatever the settings are, a sentence each.
    """

    prompt: Prompt | None
    steering: Steering
    generation: Generation
    unmatched: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in _changed(self.generation).items())
        lines = (f"{self.steering}; {settings}", *(f"- {line}" for line in (*self.unmatched, *self.notes)))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<NeuronpediaSetup: {self}>"


def _changed(generation: Generation) -> dict[str, object]:
    default = Generation()
    values = {name: getattr(generation, name) for name in generation.__struct_fields__}
    return {name: value for name, value in values.items() if value != getattr(default, name)}
