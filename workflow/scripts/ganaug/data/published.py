"""Data sets that torchvision knows: their files, with checksums and addresses, and their images, as it reads them.

Importing torchvision costs seconds, so only the functions that need it do.
"""

from __future__ import annotations

import difflib
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ganaug.config import Data
from ganaug.data.archive import read_archive
from ganaug.data.decode import Contents, Reader
from ganaug.data.layout import Entry
from ganaug.data.sources import DOWNLOADS, FETCH_AGAIN, Remote, mirror, mode_of, verify
from ganaug.errors import UserError
from ganaug.images import Pixels

# Where CelebA's publisher keeps its files, which torchvision knows by their keys there. A page comes instead of a
# file when many have asked for it.
DRIVE = "https://drive.usercontent.google.com/download?id={}&export=download&confirm=t"
FOLDER = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
SIDES = {"0": "train", "1": "valid", "2": "test"}

Found = Mapping[str, Path]


def files_of(source: str) -> list[Remote]:
    """The files that ``source`` consists of, as torchvision lists them."""
    from torchvision import datasets

    if source == "cifar10":
        cifar10 = datasets.CIFAR10
        return [_remote(cifar10.filename, [cifar10.url], cifar10.tgz_md5)]
    if source == "celeba":
        return [_remote(name, [DRIVE.format(key)], md5) for key, md5, name in datasets.CelebA.file_list]
    kind = datasets.MNIST if source == "mnist" else datasets.FashionMNIST
    return [_remote(name, [f"{folder}{name}" for folder in kind.mirrors], md5) for name, md5 in kind.resources]


def _remote(name: str, urls: Sequence[str], md5: str) -> Remote:
    return Remote(name=name, urls=tuple(urls), algorithm="md5", checksum=md5)


def kept_in(data: Data) -> Path:
    """The folder that downloads of the source go to: two data sets may have files of the same name."""
    return Path(data.path or DOWNLOADS) / data.source


def find(data: Data, name: str) -> Path | None:
    """The file ``name`` of the source, in the mirror or where downloads are kept, or None where it is in neither.

    In both it may lie in a folder named after the source, or at the top.

    Raises:
        UserError: a folder may not be searched.
    """
    kept = kept_in(data)
    first = mirror(data.mirror)
    folders = [*([first / data.source, first] if first else []), kept, kept.parent]
    return next((folder / name for folder in folders if stat.S_ISREG(mode_of(folder / name))), None)


def locate(data: Data) -> dict[str, Path]:
    """All files of the source by name, each with the checksum that torchvision gives.

    Raises:
        UserError: one is not there, cannot be read, or has another checksum.
    """
    located = {}
    for remote in files_of(data.source):
        path = find(data, remote.name)
        if path is None:
            raise UserError(f"data.source: {remote.name} of {data.source} is not on this machine; {FETCH_AGAIN}")
        verify(path, remote, key=f"data.source: {data.source}", advice="put the publisher's file there, or delete it")
        located[remote.name] = path
    return located


def check_attribute(data: Data, found: Found) -> None:
    """Whether the data set has the attribute that is to be the label.

    Raises:
        UserError: it has not.
    """
    if data.attribute is None:
        return
    known = _attributes(found)
    if data.attribute not in known:
        near = difflib.get_close_matches(data.attribute, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"choose from {', '.join(known)}"
        raise UserError(f"data.attribute: {data.source} has no {data.attribute}; {hint}")


def _attributes(found: Found) -> list[str]:
    return found[ATTRIBUTES].read_text(encoding="utf-8").splitlines()[1].split()


def open_published(data: Data) -> tuple[list[Entry], Reader]:
    """The images of the source, sorted by label and source, and the reader of their pixels.

    The publisher's own test images are the official test set. The reader gives uint8 pixels (H x W or H x W x 3), for
    ``celeba`` the bytes of JPEG files.

    Raises:
        UserError: a file is missing or has another checksum, or there is no such attribute.
    """
    found = locate(data)
    check_attribute(data, found)
    if data.source == "celeba":
        assert data.attribute is not None
        entries, read = _open_celeba(found, data.attribute)
    else:
        sides = _cifar10(found) if data.source == "cifar10" else _mnist(found, data.source)
        entries, read = _open_arrays(data.source, sides)
    return sorted(entries, key=lambda entry: (entry.label, entry.source)), read


@dataclass(frozen=True)
class About:
    """What is known of a data set beyond its bytes.

    Attributes:
        page: where it is described.
        licence: what its publishers say of its use, in short.
        cite: whom to cite.
    """

    page: str
    licence: str
    cite: str


ABOUT = {
    "digits": About(
        page="https://archive.ics.uci.edu/dataset/80",
        licence="CC BY 4.0 (UCI Machine Learning Repository)",
        cite="Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning Repository",
    ),
    "cifar10": About(
        page="https://www.cs.toronto.edu/~kriz/cifar.html",
        licence="none stated; its authors ask to be cited",
        cite="Krizhevsky (2009), Learning Multiple Layers of Features from Tiny Images, technical report",
    ),
    "mnist": About(
        page="http://yann.lecun.com/exdb/mnist/",
        licence="none stated there; commonly given as CC BY-SA 3.0",
        cite="LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied to document recognition",
    ),
    "fashion-mnist": About(
        page="https://github.com/zalandoresearch/fashion-mnist",
        licence="MIT",
        cite="Xiao, Rasul and Vollgraf (2017), Fashion-MNIST, arXiv:1708.07747",
    ),
    "celeba": About(
        page="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
        licence="non-commercial research only, by its agreement; the images are not the publisher's property",
        cite="Liu, Luo, Wang and Tang (2015), Deep Learning Face Attributes in the Wild, ICCV",
    ),
}


@dataclass(frozen=True)
class Side:
    """The images (uint8, N x H x W or N x H x W x 3) and class names of ``train`` or ``test``."""

    images: Pixels
    labels: list[str]


def _cifar10(found: Found) -> dict[str, Side]:
    from torchvision.datasets import CIFAR10
    from torchvision.datasets.utils import extract_archive

    sides = {}
    with TemporaryDirectory(prefix="ganaug-") as root:
        extract_archive(str(found[CIFAR10.filename]), root)
        for side in ("train", "test"):
            batches = CIFAR10(root, train=side == "train")
            sides[side] = Side(images=batches.data, labels=[batches.classes[target] for target in batches.targets])
    return sides


def _mnist(found: Found, source: str) -> dict[str, Side]:
    from torchvision.datasets import MNIST, FashionMNIST
    from torchvision.datasets.utils import extract_archive

    kind = MNIST if source == "mnist" else FashionMNIST
    # MNIST's classes are called "0 - zero" there, and the label is the digit.
    names = list("0123456789") if source == "mnist" else [name.replace("/", "-") for name in kind.classes]
    sides = {}
    with TemporaryDirectory(prefix="ganaug-") as root:
        raw = Path(root, kind.__name__, "raw")
        raw.mkdir(parents=True)
        for path in found.values():
            extract_archive(str(path), str(raw))
        for side in ("train", "test"):
            arrays = kind(root, train=side == "train")
            sides[side] = Side(images=arrays.data.numpy(), labels=[names[target] for target in arrays.targets.tolist()])
    return sides


def _open_arrays(source: str, sides: Mapping[str, Side]) -> tuple[list[Entry], Reader]:
    images = {
        f"{source}/{side}/{number:05d}": image
        for side, both in sides.items()
        for number, image in enumerate(both.images)
    }
    labels = [label for both in sides.values() for label in both.labels]

    def read(names: Collection[str]) -> Contents:
        for name in names:
            yield name, images[name]

    return [_entry(name, label, side=name.split("/")[1]) for name, label in zip(images, labels, strict=True)], read


def _open_celeba(found: Found, attribute: str) -> tuple[list[Entry], Reader]:
    """The faces, read from their archive as it is; the publisher's validation images are no test images."""
    from torchvision.datasets import CelebA

    with TemporaryDirectory(prefix="ganaug-") as root:
        folder = Path(root, CelebA.base_folder)
        Path(folder, FOLDER).mkdir(parents=True)  # torchvision asks only whether it is there
        for name, path in found.items():
            Path(folder, name).symlink_to(path.absolute())
        faces = CelebA(root, split="all", target_type="attr")
    sides = dict(line.split() for line in found[PARTITION].read_text(encoding="utf-8").splitlines() if line)
    shown = faces.attr[:, _attributes(found).index(attribute)].tolist()
    names = {f"{FOLDER}/{file}": f"celeba/{SIDES[sides[file]]}/{file}" for file in faces.filename}
    entries = [
        _entry(name, attribute if has else f"not-{attribute}", side=name.split("/")[1])
        for name, has in zip(names.values(), shown, strict=True)
    ]

    def read(wanted: Collection[str]) -> Contents:
        members = [f"{FOLDER}/{name.rpartition('/')[2]}" for name in wanted]
        for member, content in read_archive(found[f"{FOLDER}.zip"], members):
            yield names[member], content

    return entries, read


def _entry(name: str, label: str, *, side: str) -> Entry:
    return Entry(name=name, source=name, label=label, group=None, test=side == "test")
