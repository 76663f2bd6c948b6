"""Where and in which number format a model runs."""

from __future__ import annotations

import ctypes
import gc
import sys

import torch

from ..errors import InvalidInput

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def choose_device(asked: str) -> torch.device:
    """The device a model goes to; ``auto`` takes CUDA, then MPS, then the CPU.

    Raises:
        InvalidInput: there is no such device here.
    """
    if asked != "auto":
        try:
            device = torch.device(asked)
            torch.empty(1, device=device)
        except (RuntimeError, AssertionError) as error:
            raise InvalidInput(
                "device", asked, "auto, cpu, or a device that this machine has", details=str(error)
            ) from error
        return device
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def choose_dtype(asked: str, device: torch.device) -> torch.dtype | str:
    """The dtype of the weights; ``auto`` keeps the checkpoint's own on a GPU.

    On the CPU ``auto`` takes bfloat16 where the processor multiplies it natively, 3 to 4 times faster
    there, and float32 elsewhere.

    Raises:
        InvalidInput: unknown dtype.
    """
    if asked in _DTYPES:
        return _DTYPES[asked]
    if asked != "auto":
        raise InvalidInput("dtype", asked, ", ".join(("auto", *_DTYPES)))
    if device.type != "cpu":
        return "auto"
    return torch.bfloat16 if _cpu_multiplies_bfloat16() else torch.float32


def _cpu_multiplies_bfloat16() -> bool:
    capabilities = torch.cpu.get_capabilities() if hasattr(torch.cpu, "get_capabilities") else {}
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def processor_name(device: torch.device) -> str:
    """What computes there: the GPU's name, or the CPU's instructions that torch uses; rounding may depend on it."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return torch.backends.cpu.get_cpu_capability() if device.type == "cpu" else device.type


def free_bytes(device: torch.device) -> int:
    """Memory that new tensors can take on the device now."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        # What torch's allocator holds but does not use can be handed out again.
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    import psutil

    return int(psutil.virtual_memory().available)


def memory_held(device: torch.device) -> int:
    """Bytes that this process holds: of the machine's memory, or of the GPU's where the model is on one."""
    if device.type == "cuda":
        return sum(torch.cuda.memory_reserved(n) for n in range(torch.cuda.device_count()))
    import psutil

    return int(psutil.Process().memory_info().rss)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out, on the GPU or on the CPU."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def release_memory(device: torch.device) -> None:
    """Gives back what torch's allocator holds but nobody uses."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()


def trim_heap() -> None:
    """Gives free pages of the C heap back to the system.

    Between batches of a large run: tensors of changing sizes leave holes in which no later one fits, and the
    process would grow with the number of its batches. Does nothing where the C library is not glibc.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
