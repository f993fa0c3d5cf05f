"""Images as training batches: one uint8 array on the device, or read from the mapped files where that is too large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ganaug.images import Pixels, open_images

# Beside what torch takes (about 400 MiB) this keeps a training job below 1 GiB of private memory, however many images.
RESIDENT_BYTES = 1 << 29


class Batches:
    """Rows of image sets, addressed by their position 0 to N - 1.

    Attributes:
        channels, size: C and H = W of every image.
    """

    def __init__(self, rows: Sequence[tuple[str, int]], device: torch.device) -> None:
        """``rows`` are pairs (path of an ``images.npy``, row in it)."""
        paths = sorted({path for path, _ in rows})
        number = {path: k for k, path in enumerate(paths)}
        self._files: list[Pixels] = [open_images(path) for path in paths]
        self._file = np.array([number[path] for path, _ in rows], dtype=np.int64)
        self._row = np.array([row for _, row in rows], dtype=np.int64)
        self._device = device
        self.size, self.channels = self._files[0].shape[2], self._files[0].shape[3]
        self._resident: Tensor | None = None
        if len(rows) * self._files[0][0].nbytes <= RESIDENT_BYTES:
            self._resident = self._read(np.arange(len(rows))).to(device)

    def __len__(self) -> int:
        return len(self._row)

    def pixels(self, positions: Tensor) -> Tensor:
        """Images as stored: uint8, N x C x H x W, channels last in memory, on the device."""
        if self._resident is None:
            batch = self._read(positions.numpy()).to(self._device)
        else:
            batch = self._resident[positions.to(self._device)]
        return batch.permute(0, 3, 1, 2)

    def __call__(self, positions: Tensor) -> Tensor:
        """Images as networks see them: float32 in [-1, 1], N x C x H x W, channels last in memory, on the device."""
        return self.pixels(positions).float().div_(127.5).sub_(1.0)

    def _read(self, positions: np.ndarray) -> Tensor:
        out = np.empty((len(positions), *self._files[0].shape[1:]), dtype=np.uint8)
        for k, images in enumerate(self._files):
            here = np.flatnonzero(self._file[positions] == k)
            out[here] = images[self._row[positions[here]]]
        return torch.from_numpy(out)


def to_pixels(images: Tensor) -> Pixels:
    """Images in [-1, 1] (N x C x H x W) as uint8 N x H x W x C: the inverse of `Batches.__call__`, to the bit."""
    scaled = images.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()
