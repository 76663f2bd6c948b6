"""Vectors as files: what is saved is found again, other programs read it, and no file can do harm."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from gguf import GGUFReader, GGUFWriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save

import steer_widget as sw

CALM = sw.Vector([3.0, -4.0, 0.5], "calm", "blocks.15.hook_resid_post")  # type: ignore[arg-type]
HEAD = {"format": "steer_widget.vector", "version": "1", "name": "calm", "hook_name": ""}
THREE = np.array([3, -4, 0.5], dtype="<f4")

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
rows = st.lists(floats, min_size=1, max_size=9).filter(any)
many_settings = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def repeng_file(path: Path, directions: dict[str, np.ndarray], **fields: object) -> Path:
    """A file with the calls of repeng 0.4.0's `ControlVector.export_gguf`."""
    writer = GGUFWriter(path, str(fields.get("architecture", "controlvector")))
    writer.add_string("controlvector.model_hint", "llama")
    writer.add_uint32("controlvector.layer_count", len(directions))
    if "array" in fields:
        writer.add_array("other", fields["array"])
    if "alignment" in fields:
        writer.add_custom_alignment(fields["alignment"])
    for name, values in directions.items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def head_of(*parts: bytes, n_tensors: int = 0, n_fields: int = 0, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_fields) + b"".join(parts)


def packed(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


ARCHITECTURE = packed("general.architecture") + struct.pack("<I", 8) + packed("controlvector")


# ---- one vector


@many_settings
@given(values=rows, name=st.text(), hook_name=st.text())
def test_a_vector_is_loaded_as_it_was_saved(
    tmp_path: Path, values: list[float], name: str, hook_name: str
) -> None:
    vector = sw.Vector(values, name, hook_name)  # type: ignore[arg-type]
    assert sw.load_vector(vector.save(tmp_path / "v.safetensors")) == vector


def test_others_can_read_a_saved_vector(tmp_path: Path) -> None:
    path = CALM.save(tmp_path / "calm.safetensors", model="gpt2")
    with safe_open(path, framework="numpy") as file:
        assert list(file.keys()) == ["vector"]
        np.testing.assert_array_equal(file.get_tensor("vector"), THREE)
        assert file.metadata() == {
            "format": "steer_widget.vector", "version": "1",
            "name": "calm", "hook_name": "blocks.15.hook_resid_post", "model": "gpt2",
        }  # fmt: skip


def test_a_vector_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(sw.MissingPath, match="folder that exists"):
        CALM.save(tmp_path / "none" / "calm.safetensors")
    (tmp_path / "taken.safetensors").mkdir()
    with pytest.raises(sw.MissingPath):
        CALM.save(tmp_path / "taken.safetensors")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.safetensors"]


@pytest.mark.parametrize(
    ("tensors", "metadata", "told"),
    [
        ({"vector": THREE}, None, "sw.Vector"),
        ({"vector": THREE}, HEAD | {"format": "pt"}, "'pt'"),
        ({"vector": THREE}, HEAD | {"version": "2"}, "upgrade"),
        ({"other": THREE}, HEAD, "called 'vector'"),
        ({"vector": THREE, "other": THREE}, HEAD, "2 tensors"),
        ({}, HEAD, "0 tensors"),
        ({"vector": THREE.astype("<f8")}, HEAD, "F64"),
        ({"vector": THREE.reshape(1, 3)}, HEAD, r"\[1, 3\]"),
        ({"vector": THREE.reshape(3)[0]}, HEAD, r"\[\]"),
        ({"vector": THREE[:0]}, HEAD, "not all zero"),
        ({"vector": THREE * 0}, HEAD, "not all zero"),
        ({"vector": THREE * np.float32("nan")}, HEAD, "finite"),
        ({"vector": THREE * np.float32("inf")}, HEAD, "finite"),
    ],
)
def test_another_safetensors_file_is_refused_by_name(
    tmp_path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str] | None, told: str
) -> None:
    path = tmp_path / "odd.safetensors"
    path.write_bytes(save({name: np.asarray(value) for name, value in tensors.items()}, metadata))
    with pytest.raises(sw.InvalidInput, match=told) as caught:
        sw.load_vector(path)
    assert "odd.safetensors: " in str(caught.value)
    assert "vector.save" in caught.value.allowed


@many_settings
@given(data=st.data())
def test_a_damaged_vector_is_refused_or_is_a_vector(tmp_path: Path, data: st.DataObject) -> None:
    path = CALM.save(tmp_path / "calm.safetensors")
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(body[: data.draw(st.integers(0, len(body)))])
    try:
        assert len(sw.load_vector(path)) == 3
    except sw.InvalidInput as error:
        assert "calm.safetensors" in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff" * 8,
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 200_000) + b"[" * 200_000,
        struct.pack("<Q", 2) + b"{}",
        struct.pack("<Q", 4) + b"\xff\xfe\xff\xfe",
    ],
)
def test_what_is_no_safetensors_file_is_refused(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "odd.safetensors"
    path.write_bytes(body)
    with pytest.raises(sw.InvalidInput, match=r"odd\.safetensors: "):
        sw.load_vector(path)


def test_a_header_that_promises_more_than_there_is_is_refused(tmp_path: Path) -> None:
    head = json.dumps({
        "__metadata__": HEAD,
        "vector": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 2**42]},
    }).encode()  # fmt: skip
    path = tmp_path / "odd.safetensors"
    path.write_bytes(struct.pack("<Q", len(head)) + head)
    with pytest.raises(sw.InvalidInput, match="damaged"):
        sw.load_vector(path)


@pytest.mark.parametrize(("load", "max_bytes"), [(sw.load_vector, 16 * 2**20), (sw.load_vectors, 64 * 2**20)])
def test_a_file_too_large_is_refused_unread(tmp_path: Path, load: object, max_bytes: int) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2**34)  # a hole: takes no room on the disk, and would not fit into memory
    with pytest.raises(sw.InvalidInput, match=f"large: it has more than {max_bytes:,} bytes"):
        load(path)  # type: ignore[operator]


@pytest.mark.parametrize("load", [sw.load_vector, sw.load_vectors])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, load: object) -> None:
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(sw.MissingPath, match=str(path)[:20]):
            load(path)  # type: ignore[operator]


def test_each_format_is_told_from_the_other(tmp_path: Path) -> None:
    with pytest.raises(sw.InvalidInput, match=r"sw\.save_vectors"):
        CALM.save(tmp_path / "calm.gguf")
    with pytest.raises(sw.InvalidInput, match=r"vector\.save"):
        sw.save_vectors(tmp_path / "calm.safetensors", {15: CALM}, model_hint="llama")
    one, many = CALM.save(tmp_path / "a.safetensors"), tmp_path / "a.gguf"
    sw.save_vectors(many, {15: CALM}, model_hint="llama")
    with pytest.raises(sw.InvalidInput, match=r"sw\.load_vectors"):
        sw.load_vector(many)
    with pytest.raises(sw.InvalidInput, match="no GGUF file"):
        sw.load_vectors(one)


# ---- a vector for each layer


@many_settings
@given(
    numbers=st.integers(1, 9).flatmap(
        lambda d: st.dictionaries(
            st.integers(0, 9_999), st.lists(floats, min_size=d, max_size=d).filter(any), min_size=1
        )
    )
)
def test_vectors_of_layers_are_loaded_as_they_were_saved(
    tmp_path: Path, numbers: dict[int, list[float]]
) -> None:
    vectors = {layer: sw.Vector(values) for layer, values in numbers.items()}  # type: ignore[arg-type]
    path = sw.save_vectors(tmp_path / "calm.gguf", vectors, model_hint="llama")
    found = sw.load_vectors(path)
    assert list(found) == sorted(vectors)
    for layer, vector in found.items():
        assert vector.values == vectors[layer].values
        assert vector.hook_name == f"blocks.{layer}.hook_resid_post"
        assert vector.name == f"calm {layer}"
    assert (
        sw.save_vectors(tmp_path / "again.gguf", found, model_hint="llama").read_bytes() == path.read_bytes()
    )


def test_what_is_saved_is_byte_for_byte_what_repeng_writes(tmp_path: Path) -> None:
    theirs = repeng_file(tmp_path / "theirs.gguf", {"direction.0": THREE, "direction.15": THREE * 2})
    double = sw.Vector([6.0, -8.0, 1.0])  # type: ignore[arg-type]
    ours = sw.save_vectors(tmp_path / "ours.gguf", {15: double, 0: sw.Vector(THREE)}, model_hint="llama")
    assert ours.read_bytes() == theirs.read_bytes()
    fields = GGUFReader(ours).fields
    assert fields["general.architecture"].contents() == "controlvector"
    assert fields["controlvector.model_hint"].contents() == "llama"
    assert fields["controlvector.layer_count"].contents() == 2


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
@pytest.mark.parametrize("alignment", [{}, {"alignment": 64}, {"array": ["a", "bc"]}, {"array": [1, 2]}])
def test_a_file_of_repeng_is_read(tmp_path: Path, kind: str, alignment: dict[str, object]) -> None:
    directions = {
        "direction.12": THREE.astype(kind), "direction.3": (THREE * 2).astype(kind), "note": THREE,
    }  # fmt: skip
    found = sw.load_vectors(repeng_file(tmp_path / "happy.gguf", directions, **alignment))
    assert {layer: vector.numbers() for layer, vector in found.items()} == {
        3: [6.0, -8.0, 1.0], 12: [3.0, -4.0, 0.5],
    }  # fmt: skip
    assert str(found[3].at(1.5)).startswith("happy 3")


@pytest.mark.parametrize(
    ("directions", "fields", "told"),
    [
        ({"direction.1": THREE}, {"architecture": "llama"}, "'llama'"),
        ({"other": THREE}, {}, "no tensor called"),
        ({"direction.x": THREE}, {}, "names no layer"),
        ({"direction.-1": THREE}, {}, "names no layer"),
        ({"direction.01": THREE}, {}, "names no layer"),
        ({"direction.1.2": THREE}, {}, "names no layer"),
        ({"direction.1": THREE, "direction.2": THREE[:2]}, {}, "one shape"),
        ({"direction.1": THREE.reshape(1, 3)}, {}, "one dimension"),
        ({"direction.1": THREE.astype("<i4")}, {}, "F32, F16"),
        ({"direction.1": THREE * 0}, {}, "not all zero"),
        ({"direction.1": THREE * np.float32("nan")}, {}, "finite"),
        ({"direction.1": THREE.astype("<f8") * 1e300}, {}, "finite"),
    ],
)
def test_another_gguf_file_is_refused_by_name(
    tmp_path: Path, directions: dict[str, np.ndarray], fields: dict[str, object], told: str
) -> None:
    path = repeng_file(tmp_path / "odd.gguf", directions, **fields)
    with pytest.raises(sw.InvalidInput, match=told) as caught:
        sw.load_vectors(path)
    assert "odd.gguf: " in str(caught.value)
    assert "control vector" in caught.value.allowed


DIRECTION = packed("direction.1")
HOSTILE = {
    "empty": (b"", r"cut off"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), r"GGUF version 50331648"),
    "version": (head_of(version=4), r"GGUF version 4"),
    "no architecture": (head_of(), r"architecture is ''"),
    "fields": (head_of(n_fields=2**63), r"cut off"),
    "tensors": (head_of(ARCHITECTURE, n_fields=1, n_tensors=2**63), r"cut off"),
    "a long name": (head_of(struct.pack("<Q", 2**63), n_fields=1), r"cut off"),
    "an array of numbers": (head_of(packed("a"), struct.pack("<IIQ", 9, 0, 2**63), n_fields=1), r"cut off"),
    "an array of texts": (head_of(packed("a"), struct.pack("<IIQ", 9, 8, 2**63), n_fields=1), r"cut off"),
    "arrays in arrays": (
        head_of(packed("a"), struct.pack("<I", 9), struct.pack("<IQ", 9, 1) * 9_999, n_fields=1),
        r"nested",
    ),
    "empty texts": (
        head_of(packed("a"), struct.pack("<IIQ", 9, 8, 2**22), bytes(2**25), n_fields=1),
        r"head is longer",
    ),
    "an unknown type": (head_of(packed("a"), struct.pack("<I", 77), n_fields=1), r"type 77"),
    "no UTF-8": (
        head_of(struct.pack("<Q", 1), b"\xff", struct.pack("<IB", 7, 1), n_fields=1),
        r"invalid start byte",
    ),
    "a field twice": (head_of(ARCHITECTURE, ARCHITECTURE, n_fields=2), r"'general.architecture' twice"),
    "alignment": (
        head_of(ARCHITECTURE, packed("general.alignment"), struct.pack("<II", 4, 0), DIRECTION, n_fields=2),
        r"alignment is 0",
    ),
    "dimensions": (
        head_of(ARCHITECTURE, DIRECTION, struct.pack("<I", 2**31), n_fields=1, n_tensors=1),
        r"2147483648 dimensions",
    ),
    "a large tensor": (
        head_of(
            ARCHITECTURE, DIRECTION, struct.pack("<IQIQ", 1, 2**62, 0, 0), bytes(64), n_fields=1, n_tensors=1
        ),
        r"allowed are \d",
    ),
    "a tensor far away": (
        head_of(
            ARCHITECTURE, DIRECTION, struct.pack("<IQIQ", 1, 2, 0, 2**63), bytes(64), n_fields=1, n_tensors=1
        ),
        r"direction.1 is cut off",
    ),
    "a tensor twice": (
        head_of(
            ARCHITECTURE,
            *[DIRECTION + struct.pack("<IQIQ", 1, 2, 0, 0)] * 2,
            bytes(64),
            n_fields=1,
            n_tensors=2,
        ),
        r"'direction.1' twice",
    ),
    "tensors over one another": (
        head_of(
            ARCHITECTURE,
            *[packed(f"direction.{n}") + struct.pack("<IQIQ", 1, 2**17, 0, 0) for n in range(999)],
            bytes(2**20),
            n_fields=1,
            n_tensors=999,
        ),
        r"131,072 numbers",
    ),
}


@pytest.mark.parametrize(("body", "told"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_gguf_file_is_refused_at_once(tmp_path: Path, body: bytes, told: str) -> None:
    path = tmp_path / "odd.gguf"
    path.write_bytes(body)
    with pytest.raises(sw.InvalidInput, match=rf"odd\.gguf: .*{told}"):
        sw.load_vectors(path)


@many_settings
@given(data=st.data())
def test_a_damaged_gguf_file_is_refused_or_has_vectors(tmp_path: Path, data: st.DataObject) -> None:
    path = sw.save_vectors(tmp_path / "calm.gguf", {15: CALM, 2: sw.Vector(THREE)}, model_hint="llama")
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(body[: data.draw(st.integers(0, len(body)))])
    try:
        assert all(type(vector) is sw.Vector for vector in sw.load_vectors(path).values())
    except sw.InvalidInput as error:
        assert "calm.gguf" in str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize(
    ("vectors", "hint", "field"),
    [
        ({}, "llama", "vectors"),
        ([CALM], "llama", "vectors"),
        ({1: [1.0]}, "llama", "vectors"),
        ({1: sw.Feature(3)}, "llama", "vectors"),
        ({-1: CALM}, "llama", "layer"),
        ({"15": CALM}, "llama", "layer"),
        ({True: CALM}, "llama", "layer"),
        ({10_000: CALM}, "llama", "layer"),
        ({14: CALM}, "llama", "hook_name"),
        ({15: CALM, 2: sw.Vector(THREE[:2])}, "llama", "vectors"),
        ({15: CALM}, "", "model_hint"),
        ({15: CALM}, None, "model_hint"),
    ],
)
def test_what_no_control_vector_holds_is_not_written(
    tmp_path: Path, vectors: object, hint: object, field: str
) -> None:
    with pytest.raises(sw.InvalidInput) as caught:
        sw.save_vectors(tmp_path / "calm.gguf", vectors, model_hint=hint)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert not list(tmp_path.iterdir())
