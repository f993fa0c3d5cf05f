"""Images as training batches: one uint8 array on the device, or read from the mapped files where that is too large."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ganaug.images import Pixels, open_images

# Of all images that a job holds in main memory at a time. Beside what torch takes this is to keep a training job below
# 1 GiB of private memory, however many images; ``benchmarks/preprocess.py`` measures one.
RESIDENT_BYTES = 1 << 29
PIECE_BYTES = 1 << 26


class Batches:
    """Rows of image sets, addressed by their position 0 to N - 1.

    Attributes:
        channels, size: C and H = W of every image.
        resident_bytes: of the images, where they are held in memory; else 0.
    """

    resident_bytes: int

    def __init__(
        self, rows: Sequence[tuple[str, int]], device: torch.device, *, beside: Sequence[Batches] = ()
    ) -> None:
        """``rows`` are pairs (path of an ``images.npy``, row in it); ``beside`` are held in memory at the same time."""
        paths = sorted({path for path, _ in rows})
        number = {path: k for k, path in enumerate(paths)}
        self._files: list[Pixels] = [open_images(path) for path in paths]
        self._file = np.array([number[path] for path, _ in rows], dtype=np.int64)
        self._row = np.array([row for _, row in rows], dtype=np.int64)
        self._device = device
        self.size, self.channels = self._files[0].shape[2], self._files[0].shape[3]
        needed = len(rows) * self._files[0][0].nbytes
        fits = needed <= room(device, held=sum(other.resident_bytes for other in beside))
        self._resident = self._read_all() if fits else None
        self.resident_bytes = needed if fits else 0

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
        return to_floats(self.pixels(positions))

    def _read_all(self) -> Tensor:
        """All images on the device, read in pieces: what a GPU holds need not fit into main memory too."""
        shape = self._files[0].shape[1:]
        whole = torch.empty((len(self), *shape), dtype=torch.uint8, device=self._device)
        for piece in np.array_split(np.arange(len(self)), -(-whole.nbytes // PIECE_BYTES)):
            whole[piece[0] : piece[-1] + 1] = self._read(piece)
        return whole

    def _read(self, positions: np.ndarray) -> Tensor:
        out = np.empty((len(positions), *self._files[0].shape[1:]), dtype=np.uint8)
        for k, images in enumerate(self._files):
            here = np.flatnonzero(self._file[positions] == k)
            out[here] = images[self._row[positions[here]]]
        return torch.from_numpy(out)


def room(device: torch.device, *, held: int) -> int:
    """Bytes that more images may take on ``device``, where others take ``held``: half of a GPU's free memory."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return RESIDENT_BYTES - held


def to_floats(pixels: Tensor) -> Tensor:
    """uint8 images as networks see them: float32 in [-1, 1], of the same shape."""
    return pixels.float().div_(127.5).sub_(1.0)


def to_pixels(images: Tensor) -> Pixels:
    """Images in [-1, 1] (N x C x H x W) as uint8 N x H x W x C: the inverse of `to_floats`, to the bit."""
    scaled = images.float().add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).contiguous().cpu().numpy()
