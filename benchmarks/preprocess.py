"""The data stage: decoding against torchvision's loaders, the near-duplicate search, and memory and time as data grow.

Decoding is timed on copies of CIFAR-10 (JPEG) and ETH-80 (PNG) where GANAUG_MIRROR has their archives, else on
generated JPEG files. Every method has a process of its own and they take turns; the fastest of their rounds counts.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import yaml
from _memory import Measured, apart, measure
from _results import ROOT, publish

CORES = len(os.sched_getaffinity(0))
CIFAR10, ETH80 = "cifar10-jpeg.tar.gz", "eth80-cow-horse.tar"
ROUNDS = 3
TIMED = 20_000  # images of the larger copy: a second or two a round
BATCH = 256

SIDE, CLASSES = 64, 10
GROWING = (10_000, 50_000, 200_000)
SEARCHED = (10_000, 20_000, 60_000)
BITS = 6
GIB = 2**30


# Decoding


def loop(root: str, size: int | None) -> float:
    """Images a second of a plain loop over torchvision's ImageFolder, in one process."""
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import Resize

    images = ImageFolder(root, transform=None if size is None else Resize((size, size)))
    return _rate(lambda: sum(1 for _ in images))


def loader(root: str, size: int | None) -> float:
    """Images a second of torchvision's ImageFolder in a DataLoader with as many workers as cores."""
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import Compose, PILToTensor, Resize

    steps = [] if size is None else [Resize((size, size))]
    batches = DataLoader(
        ImageFolder(root, transform=Compose([*steps, PILToTensor()])),
        batch_size=BATCH,
        num_workers=CORES,
        multiprocessing_context="fork",
    )
    return _rate(lambda: sum(len(images) for images, _ in batches))


def ours(root: str, size: int | None) -> float:
    """Images a second of `ganaug.data.pool.decode`, which also hashes each image and writes it to a file."""
    from ganaug.data.decode import Target
    from ganaug.data.pool import decode

    files = sorted(str(path) for path in Path(root).rglob("*") if path.is_file())
    target = Target(size=size or 32, channels=3, resize="stretch", background="white", model=None)
    with tempfile.TemporaryDirectory() as folder:

        def run() -> int:
            decode(
                enumerate(files),
                files,
                target,
                grouped=True,
                workers=CORES,
                out=Path(folder, "out.npy"),
                skip_bad=False,
            )
            return len(files)

        return _rate(run)


def header_rates(root: str) -> dict[str, float]:
    """Images a second read from JPEG files in memory, by `decode.load` and by ``Image.open``, in one process."""
    from ganaug.data.decode import _opened, load

    contents = [path.read_bytes() for path in sorted(Path(root).rglob("*.jpg"))]
    best = {"load": 0.0, "Image.open": 0.0}
    for _ in range(ROUNDS):
        for name, read in zip(best, (load, _opened), strict=True):
            best[name] = max(best[name], _rate(lambda read=read: sum(read(one, "x.jpg").width > 0 for one in contents)))
    return best


def _rate(run: Callable[[], int]) -> float:
    start = time.monotonic()
    return run() / (time.monotonic() - start)


def rates(root: Path, size: int | None) -> dict[str, float]:
    """Images a second of each method by its name: the best of some rounds, in which they take turns."""
    methods = {"ImageFolder loop": loop, f"DataLoader, {CORES} workers": loader, "ganaug": ours}
    pools = {name: apart() for name in methods}
    best = dict.fromkeys(methods, 0.0)
    for number in range(ROUNDS + 1):
        for name, method in methods.items():
            rate = pools[name].submit(method, str(root), size).result()
            if number:  # the first round imports, and reads the files from the disk
                best[name] = max(best[name], rate)
    for pool in pools.values():
        pool.shutdown()
    return best


def unpack(archive: Path, root: Path, *, count: int) -> None:
    """Write up to ``count`` images of an archive below ``root``, the same share of every folder."""
    from ganaug.data.archive import list_archive, read_archive
    from ganaug.data.sources import is_image

    names = [name for name in list_archive(archive).files if is_image(name)]
    chosen = names[:: max(1, len(names) // count)]
    for name, content in read_archive(archive, chosen):
        # One folder a class, as ImageFolder wants it.
        path = root / Path(name).parts[-3 if len(Path(name).parts) > 3 else -2] / name.replace("/", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


# Hashes


def hash_rate() -> float:
    """Perceptual hashes of 32 x 32 RGB images a second, in one process."""
    import numpy as np

    from ganaug.data.integrity import perceptual_hashes

    images = np.random.default_rng(0).integers(0, 256, (20_000, 32, 32, 3), dtype=np.uint8)
    perceptual_hashes(images[:1])
    return _rate(lambda: len(perceptual_hashes(images)))


def search_seconds() -> dict[int, float]:
    """Seconds to find all near-duplicates of so many images, in one process.

    Bits are drawn evenly, since in every hash half of them tell of what is above the median; a hundredth of the hashes
    come again with up to 6 bits changed.
    """
    import numpy as np

    from ganaug.data.integrity import neighbours

    generator = np.random.default_rng(0)
    seconds = {}
    for count in SEARCHED:
        hashes = generator.integers(0, 2**64, count, dtype=np.uint64)
        for k in range(count // 100):
            flips = generator.choice(64, size=BITS, replace=False)
            hashes[-k - 1] = hashes[k] ^ np.uint64(sum(1 << int(bit) for bit in flips))
        sealed = np.arange(count) % 5 == 0
        start = time.monotonic()
        [near] = neighbours(hashes, [sealed], bits=BITS)
        seconds[count] = time.monotonic() - start
        assert ((near.across.row >= 0) | (near.within.row >= 0)).sum() >= count // 50
    return seconds


# Growth


def make_images(root: Path) -> None:
    """Write the most images of `GROWING` below ``root/<count>/<class>``, and as links the first ones for the others."""
    per_job = 5_000
    with ProcessPoolExecutor(CORES, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(_make, root, first, per_job) for first in range(0, GROWING[-1], per_job)]
        for job in jobs:
            job.result()


def _make(root: Path, first: int, count: int) -> None:
    import numpy as np
    from PIL import Image

    generator = np.random.default_rng(first)
    for number in range(first, first + count):
        coarse = Image.fromarray(generator.integers(0, 256, (8, 8, 3), dtype=np.uint8))
        file = BytesIO()
        coarse.resize((SIDE, SIDE)).save(file, format="JPEG")
        name = f"{number % CLASSES}/{number:06d}.jpg"
        made = root / str(GROWING[-1]) / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(file.getvalue())
        for fewer in GROWING[:-1]:
            if number < fewer:
                link = root / str(fewer) / name
                link.parent.mkdir(parents=True, exist_ok=True)
                link.hardlink_to(made)


def preprocess_folder(source: str, out: str) -> None:
    """The whole rule on a folder: reading, decoding, hashing, checking, sealing, searching and writing."""
    from ganaug.config import Data, build
    from ganaug.data.fingerprint import describe
    from ganaug.data.stage import preprocess

    section = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))["data"]
    changes = {"source": "folder", "path": source, "image_size": SIDE, "channels": 3}
    data = build(Data, {**section, **changes, "test": {"method": "hash", "fraction": 0.1, "folds": None}}, "data")
    os.chdir(out)  # what is known of the files is kept below the working directory
    preprocess(data, seed=0, record=describe(data), code="", workers=CORES, out=Path(out, "data"))


def train(out: str) -> int:
    """Train a classifier on all development images; returns their number."""
    from ganaug.classify.stage import train_cell
    from ganaug.config import Budget, Classifier, Compute
    from ganaug.data.splits import split
    from ganaug.images import open_index, save_split
    from ganaug.sets.stage import make_set

    os.chdir(out)
    dev = "data/p0/dev/images.npy"
    rows = split(open_index("data/p0/dev/index.csv"), seed=0, repeat=0, per_class=None, validation=10)
    save_split("r0.csv", rows)
    make_set(
        split="r0.csv",
        dev=dev,
        real=True,
        duplicates=[],
        classic=None,
        samples=None,
        samples_record=None,
        code="",
        out="set.csv",
        record="set.json",
    )
    train_cell(
        arm="real",
        classifier_name="lenet5",
        repeat=0,
        fit_number=0,
        split="r0.csv",
        dev=dev,
        training_set="set.csv",
        set_record="set.json",
        classifier=Classifier(network="lenet5", lr=0.001, batch_size=64),
        budget=Budget(steps=100, epochs=None, eval_every=100, select="last"),
        root=0,
        compute=Compute(device="cpu", precision="fp32", threads=1),
        code="",
        model="model.safetensors",
        snapshots="snapshots.safetensors",
        history="history.csv",
        record="record.json",
    )
    return len(rows)


@dataclass(frozen=True)
class Growth:
    """What each number of images took, and the training from the most of them."""

    preprocessed: dict[int, Measured]
    trained: Measured


def growth(root: Path) -> Growth:
    make_images(root / "images")
    preprocessed = {}
    for count in GROWING:
        out = root / f"out{count}"
        out.mkdir()
        preprocessed[count] = measure(preprocess_folder, str(root / "images" / str(count)), str(out))
    return Growth(preprocessed=preprocessed, trained=measure(train, str(root / f"out{GROWING[-1]}")))


def main() -> None:
    raw: dict[str, Any] = {"cores": CORES}
    ratios: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        grown = growth(root)
        for count, measured in grown.preprocessed.items():
            raw[f"preprocess, {count} images, s"] = measured.seconds
            raw[f"preprocess, {count} images, private memory, MiB"] = measured.private_bytes / 2**20
        raw[f"train on {grown.trained.result} images, private memory, MiB"] = grown.trained.private_bytes / 2**20
        mirror = Path(os.environ.get("GANAUG_MIRROR", ""))
        small = "generated JPEG, 64 x 64", root / "images" / str(GROWING[0]), SIDE
        if (mirror / CIFAR10).is_file():
            unpack(mirror / CIFAR10, root / "cifar10", count=TIMED)
            small = "CIFAR-10 (JPEG copy)", root / "cifar10", None
        decoded = {small[0]: rates(small[1], small[2])}
        for method, rate in header_rates(str(small[1])).items():
            raw[f"{small[0]}, {method} in one process, images/s"] = rate
        if (mirror / ETH80).is_file():
            unpack(mirror / ETH80, root / "eth80", count=TIMED)
            decoded["ETH-80 to 32 x 32"] = rates(root / "eth80", 32)
    for images, found in decoded.items():
        raw |= {f"{images}, {method}, images/s": rate for method, rate in found.items()}
    raw["perceptual hashes, one process, images/s"] = hash_rate()
    searched = search_seconds()
    raw |= {f"near-duplicate search, {count} images, s": seconds for count, seconds in searched.items()}
    *others, own = decoded[small[0]].values()
    least, most = GROWING[0], GROWING[-1]
    ratios["cpu/decoding over the faster of loop and DataLoader"] = own / max(others)
    ratios["cpu/seconds an image, 200,000 over 10,000"] = (
        grown.preprocessed[most].seconds / most / (grown.preprocessed[least].seconds / least)
    )
    ratios["cpu/private memory of preprocessing 200,000 over 1 GiB"] = grown.preprocessed[most].private_bytes / GIB
    ratios["cpu/private memory of training from them over 1 GiB"] = grown.trained.private_bytes / GIB
    ratios["cpu/search of 60,000 over 10,000, where the square is 36"] = searched[60_000] / searched[10_000]
    publish("preprocess", raw=raw, ratios=ratios)


if __name__ == "__main__":
    main()
