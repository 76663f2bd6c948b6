"""One end of the channel between kernel and worker: frames behind their length, on two pipe descriptors."""

from __future__ import annotations

import contextlib
import os
import struct
import threading

from .errors import ProtocolError

_HEADER = struct.Struct("<I")
_MAX_FRAME_BYTES = 1 << 30
_READ_BYTES = 1 << 16


class Channel:
    """Frames in both directions. Sending is safe from any thread; one thread receives.

    Args:
        read_fd: descriptor frames are read from; owned by the channel from now on.
        write_fd: descriptor frames are written to; owned by the channel from now on.
    """

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._read_fd = read_fd
        self._write_fd = write_fd
        self._send_lock = threading.Lock()
        self._unread = bytearray()
        self._write_open = True

    def send(self, body: bytes) -> None:
        """Writes one frame, whole.

        Raises:
            BrokenPipeError: the other end is gone, or this end was closed.
        """
        view = memoryview(_HEADER.pack(len(body)) + body)
        with self._send_lock:
            if not self._write_open:
                raise BrokenPipeError("the channel is closed")
            while view:
                view = view[os.write(self._write_fd, view) :]

    def receive(self) -> bytes | None:
        """Waits for the next frame; None when the other end has closed.

        Raises:
            ProtocolError: the bytes are no frame; the channel is of no further use.
        """
        header = self._take(_HEADER.size)
        if header is None:
            return None
        (n_bytes,) = _HEADER.unpack(header)
        if n_bytes > _MAX_FRAME_BYTES:
            raise ProtocolError(
                f"A frame claims {n_bytes:,} bytes. Something else has written to the worker's channel, "
                "or kernel and worker are of different versions: restart the kernel."
            )
        return self._take(n_bytes)

    def _take(self, n_bytes: int) -> bytes | None:
        while len(self._unread) < n_bytes:
            try:
                chunk = os.read(self._read_fd, max(_READ_BYTES, n_bytes - len(self._unread)))
            except OSError:
                return None
            if not chunk:
                return None
            self._unread += chunk
        taken = bytes(self._unread[:n_bytes])
        del self._unread[:n_bytes]
        return taken

    def close_write(self) -> None:
        """Tells the other end that nothing more will come."""
        with self._send_lock:
            if self._write_open:
                self._write_open = False
                with contextlib.suppress(OSError):
                    os.close(self._write_fd)

    def close(self) -> None:
        """Closes both directions. Call it when no thread is receiving."""
        self.close_write()
        with contextlib.suppress(OSError):
            os.close(self._read_fd)
