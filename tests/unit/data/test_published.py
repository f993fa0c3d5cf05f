"""torchvision's data sets, from small files in their publishers' formats, made here."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision import datasets

from ganaug import config
from ganaug.data import download, published
from ganaug.data.fingerprint import fingerprint
from ganaug.data.obtain import obtain
from ganaug.data.published import ABOUT, files_of, open_published
from ganaug.data.sources import PUBLISHED
from ganaug.data.stage import preprocess
from ganaug.errors import UserError
from ganaug.images import IndexRow, open_image_set
from ganaug.io import read_json
from tests.loopback import Loopback, loopback

OFFICIAL = config.TestSplit(method="official", fraction=None, folds=None)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def pixels(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def server(monkeypatch) -> Iterator[Loopback]:
    monkeypatch.setattr(download, "PAUSE", 0.0)
    monkeypatch.setattr(download, "STALL", 0.5)
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    with loopback() as state:
        yield state


# CIFAR-10: a tar.gz of pickled batches; a row is 1,024 red, 1,024 green and 1,024 blue values, row by row.

CIFAR_NAMES = ["airplane", "automobile", "bird"]


def cifar_batches(*, copied: bool = False) -> dict[str, bytes]:
    """Five training batches of two images and a test batch of three, the second, if ``copied``, from batch 2."""
    made = {}
    for number, name in enumerate([*(f"data_batch_{k}" for k in range(1, 6)), "test_batch"]):
        count = 3 if name == "test_batch" else 2
        planes = pixels(number, count, 3, 32, 32)
        if copied and name == "test_batch":
            planes[1] = pixels(1, 2, 3, 32, 32)[1]
        batch = {
            "batch_label": f"batch {number}",
            "labels": [(number + k) % 3 for k in range(count)],
            "data": planes.reshape(count, 3072),
            "filenames": [f"{number}_{k}.png" for k in range(count)],
        }
        made[name] = pickle.dumps(batch, protocol=2)
    meta = {"num_cases_per_batch": 2, "label_names": CIFAR_NAMES, "num_vis": 3072}
    return {**made, "batches.meta": pickle.dumps(meta, protocol=2)}


def cifar_archive(batches: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in batches.items():
            info = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def cifar10(server, monkeypatch) -> bytes:
    return serve_cifar10(server, monkeypatch, cifar_batches())


def serve_cifar10(server: Loopback, monkeypatch: pytest.MonkeyPatch, batches: Mapping[str, bytes]) -> bytes:
    content = cifar_archive(batches)
    server.files["/cifar-10-python.tar.gz"] = content
    kind = datasets.CIFAR10
    monkeypatch.setattr(kind, "url", f"{server.url}/cifar-10-python.tar.gz")
    monkeypatch.setattr(kind, "tgz_md5", md5(content))
    monkeypatch.setattr(kind, "train_list", [[f"data_batch_{k}", md5(batches[f"data_batch_{k}"])] for k in range(1, 6)])
    monkeypatch.setattr(kind, "test_list", [["test_batch", md5(batches["test_batch"])]])
    monkeypatch.setattr(kind, "meta", {**kind.meta, "md5": md5(batches["batches.meta"])})
    return content


# MNIST and Fashion-MNIST: gzipped IDX files; four bytes that tell type and dimensions, then each size, big-endian.


def idx(array: np.ndarray) -> bytes:
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes())


def idx_files(seed: int) -> dict[str, bytes]:
    """Twelve training images and ten test images of 28 x 28 pixels; the labels count up from 0."""
    return {
        f"{side}-{kind}.gz": idx(array)
        for side, count in (("train", 12), ("t10k", 10))
        for kind, array in (
            ("images-idx3-ubyte", pixels(seed + count, count, 28, 28)),
            ("labels-idx1-ubyte", np.arange(count, dtype=np.uint8) % 10),
        )
    }


@pytest.fixture
def idx_sets(server, monkeypatch) -> dict[str, dict[str, bytes]]:
    made = {"mnist": idx_files(1), "fashion-mnist": idx_files(2)}
    for source, kind in (("mnist", datasets.MNIST), ("fashion-mnist", datasets.FashionMNIST)):
        server.files |= {f"/{source}/{name}": content for name, content in made[source].items()}
        monkeypatch.setattr(kind, "mirrors", [f"{server.url}/gone/", f"{server.url}/{source}/"])
        monkeypatch.setattr(kind, "resources", [(name, md5(content)) for name, content in made[source].items()])
    return made


# CelebA: a zip of JPEG files and lists of text.

FACES = {
    "000001.jpg": (1, 1),
    "000002.jpg": (-1, 0),
    "000003.jpg": (1, 2),
    "000004.jpg": (-1, 2),
    "000005.jpg": (-1, 0),
}


def celeba_files() -> dict[str, bytes]:
    """Five faces; `FACES` tells for each whether it smiles (1 or -1) and its partition."""
    images = io.BytesIO()
    with zipfile.ZipFile(images, "w") as file:
        for number, name in enumerate(FACES):
            jpeg = io.BytesIO()
            Image.fromarray(pixels(number, 218, 178, 3)).save(jpeg, format="JPEG")
            file.writestr(f"img_align_celeba/{name}", jpeg.getvalue())
    attributes = [f"{name} -1 {smiles:2d}" for name, (smiles, _) in FACES.items()]
    lists = {
        "list_attr_celeba.txt": [str(len(FACES)), "Male Smiling ", *attributes],
        "identity_CelebA.txt": [f"{name} {2880 + k}" for k, name in enumerate(FACES)],
        "list_bbox_celeba.txt": [
            str(len(FACES)),
            "image_id x_1 y_1 width height",
            *(f"{n}    95  71 226 313" for n in FACES),
        ],
        "list_landmarks_align_celeba.txt": [
            str(len(FACES)),
            "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y leftmouth_x leftmouth_y rightmouth_x rightmouth_y",
            *(f"{name} 69  109  106  113   77  142   73  152  108  154" for name in FACES),
        ],
        "list_eval_partition.txt": [f"{name} {part}" for name, (_, part) in FACES.items()],
    }
    texts = {name: ("\n".join(lines) + "\n").encode() for name, lines in lists.items()}
    return {"img_align_celeba.zip": images.getvalue(), **texts}


@pytest.fixture
def celeba(server, monkeypatch) -> dict[str, bytes]:
    made = celeba_files()
    server.files |= {f"/{name}": content for name, content in made.items()}
    # The key of a file is its path on the loopback server.
    monkeypatch.setattr(published, "DRIVE", server.url + "/{}?export=download")
    monkeypatch.setattr(datasets.CelebA, "file_list", [(name, md5(content), name) for name, content in made.items()])
    return made


def test_the_addresses_are_those_of_torchvision():
    assert [(file.name, file.checksum, file.algorithm) for file in files_of("cifar10")] == [
        ("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a", "md5")
    ]
    assert files_of("cifar10")[0].urls == ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",)
    for source, first in (
        ("mnist", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("fashion-mnist", "8d4fb7e6c68d591d4c3dfef9ec88bf0d"),
    ):
        files = files_of(source)
        assert len(files) == 4
        assert files[0].checksum == first
        assert files[0].urls[0].endswith("/train-images-idx3-ubyte.gz")
    assert {file.name for file in files_of("celeba")} == set(celeba_files())


def test_cifar10_arrives_with_its_pixels_labels_and_test_set(cifar10, make_data):
    data = make_data(source="cifar10", test=OFFICIAL)
    obtain(data)
    entries, read = open_published(data)
    assert [entry.name for entry in entries if entry.test] == [f"cifar10/test/0000{k}" for k in (1, 2, 0)]
    assert [entry.label for entry in entries if entry.test] == ["airplane", "automobile", "bird"]
    assert len(entries) == 13
    assert entries == sorted(entries, key=lambda entry: (entry.label, entry.source))
    [second] = [entry for entry in entries if entry.name == "cifar10/train/00003"]  # the second image of batch 2
    assert (second.label, second.group, second.source) == ("bird", None, second.name)
    [(name, image)] = read([second.name])
    assert name == second.name
    assert image.dtype == np.uint8
    assert np.array_equal(image, pixels(1, 2, 3, 32, 32)[1].transpose(1, 2, 0))


@pytest.mark.parametrize("source", ["mnist", "fashion-mnist"])
def test_idx_sets_arrive_with_their_pixels_labels_and_test_set(idx_sets, make_data, source):
    data = make_data(source=source, test=OFFICIAL)
    obtain(data)
    entries, read = open_published(data)
    assert (len(entries), sum(entry.test for entry in entries)) == (22, 10)
    names = list("0123456789")
    if source == "fashion-mnist":
        names = [
            "T-shirt-top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
        ]  # fmt: skip
    label_of = {entry.name: entry.label for entry in entries}
    assert [label_of[f"{source}/test/0000{k}"] for k in range(10)] == names
    assert [label_of[f"{source}/train/000{k:02d}"] for k in range(12)] == [*names, *names[:2]]
    seed = 1 if source == "mnist" else 2
    contents = dict(read([f"{source}/train/00011", f"{source}/test/00000"]))
    assert np.array_equal(contents[f"{source}/train/00011"], pixels(seed + 12, 12, 28, 28)[11])
    assert np.array_equal(contents[f"{source}/test/00000"], pixels(seed + 10, 10, 28, 28)[0])


def test_celeba_takes_an_attribute_for_the_label(celeba, make_data):
    data = make_data(source="celeba", attribute="Smiling", test=OFFICIAL)
    obtain(data)
    entries, read = open_published(data)
    assert [(entry.name, entry.label, entry.test) for entry in entries] == [
        ("celeba/test/000003.jpg", "Smiling", True),
        ("celeba/valid/000001.jpg", "Smiling", False),
        ("celeba/test/000004.jpg", "not-Smiling", True),
        ("celeba/train/000002.jpg", "not-Smiling", False),
        ("celeba/train/000005.jpg", "not-Smiling", False),
    ]
    contents = dict(read(["celeba/train/000005.jpg", "celeba/valid/000001.jpg"]))
    with zipfile.ZipFile(io.BytesIO(celeba["img_align_celeba.zip"])) as file:
        assert contents == {
            "celeba/valid/000001.jpg": file.read("img_align_celeba/000001.jpg"),
            "celeba/train/000005.jpg": file.read("img_align_celeba/000005.jpg"),
        }


def test_an_attribute_that_celeba_lacks_is_told(celeba, make_data):
    with pytest.raises(UserError, match=r"^data.attribute: celeba has no Smilling; did you mean Smiling\?$"):
        obtain(make_data(source="celeba", attribute="Smilling"))
    with pytest.raises(UserError, match=r"^data.attribute: celeba has no Q; choose from Male, Smiling$"):
        obtain(make_data(source="celeba", attribute="Q"))


def test_faces_that_the_drive_does_not_give_are_to_be_put_there(celeba, server, make_data, tmp_path):
    server.files["/img_align_celeba.zip"] = b"<html>Too many users have viewed or downloaded this file</html>"
    with pytest.raises(UserError) as caught:
        obtain(make_data(source="celeba", attribute="Smiling"))
    message = str(caught.value)
    assert message.startswith("data.source: celeba cannot be had from its publisher's drive (http://127.0.0.1")
    assert "a web page" in message
    assert message.endswith(
        "; get img_align_celeba.zip, list_attr_celeba.txt, identity_CelebA.txt, list_bbox_celeba.txt, "
        "list_landmarks_align_celeba.txt, list_eval_partition.txt by way of "
        "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html and put them into .ganaug/downloads/celeba, or a folder "
        "that data.mirror names"
    )
    assert "\n" not in message
    for name, content in celeba.items():
        (tmp_path / name).write_bytes(content)
    asked = len(server.asked)
    obtain(make_data(source="celeba", attribute="Smiling", mirror=str(tmp_path)))
    assert len(server.asked) == asked


def test_what_is_there_is_not_downloaded_again(cifar10, server, make_data):
    data = make_data(source="cifar10", test=OFFICIAL)
    obtain(data)
    assert Path(".ganaug/downloads/cifar10/cifar-10-python.tar.gz").read_bytes() == cifar10
    assert len(server.asked) == 1
    obtain(data)
    open_published(data)
    assert len(server.asked) == 1
    obtain(make_data(source="cifar10", path="elsewhere"))
    assert Path("elsewhere/cifar10/cifar-10-python.tar.gz").read_bytes() == cifar10


@pytest.mark.parametrize("place", ["cifar10", "."])
def test_a_mirror_makes_a_machine_independent_of_the_web(cifar10, server, make_data, monkeypatch, tmp_path, place):
    (tmp_path / place).mkdir(exist_ok=True)
    (tmp_path / place / "cifar-10-python.tar.gz").write_bytes(cifar10)
    monkeypatch.setenv("GANAUG_MIRROR", str(tmp_path))
    data = make_data(source="cifar10", test=OFFICIAL)
    obtain(data)
    assert len(open_published(data)[0]) == 13
    assert server.asked == []
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == [
        "cifar-10-python.tar.gz"
    ]  # nothing is unpacked there


def test_a_mirror_that_is_not_there_is_told(cifar10, server, make_data, monkeypatch, tmp_path):
    nowhere = str(tmp_path / "nowhere")
    for source in ("cifar10", "archive"):
        data = make_data(source=source, path=str(tmp_path / "x.tar"), test=OFFICIAL)
        with pytest.raises(UserError, match=rf"^data.mirror: no folder at {nowhere}; correct the path or set it to nu"):
            obtain(replace(data, mirror=nowhere))
        with monkeypatch.context() as patch:
            patch.setenv("GANAUG_MIRROR", nowhere)
            with pytest.raises(UserError, match=rf"^GANAUG_MIRROR: no folder at {nowhere}; .* unset the variable"):
                obtain(data)
    assert server.asked == []


def test_two_sets_with_files_of_the_same_names_share_a_mirror(idx_sets, server, make_data, tmp_path):
    for source, files in idx_sets.items():
        (tmp_path / source).mkdir()
        for name, content in files.items():
            (tmp_path / source / name).write_bytes(content)
    first = [open_published(make_data(source=source, mirror=str(tmp_path)))[0][0].label for source in idx_sets]
    assert first == ["0", "Ankle boot"]
    assert server.asked == []


def test_the_next_address_is_asked(idx_sets, server, make_data):
    obtain(make_data(source="mnist"))
    assert [path for path, _ in server.asked[:2]] == [
        f"/{folder}/train-images-idx3-ubyte.gz" for folder in ("gone", "mnist")
    ]


@pytest.mark.parametrize("fault", ["break", "stall"])
def test_a_download_that_ends_early_goes_on(cifar10, server, make_data, fault):
    server.faults = [fault]
    obtain(make_data(source="cifar10"))
    assert server.asked[1][1] == f"bytes={len(cifar10) // 2}-"
    assert Path(".ganaug/downloads/cifar10/cifar-10-python.tar.gz").read_bytes() == cifar10


@pytest.mark.parametrize(("fault", "said"), [("wrong", "sends other bytes than"), ("404", "answers 404")])
def test_a_download_that_fails_leaves_nothing_under_its_name(cifar10, server, make_data, fault, said):
    server.faults = [fault]
    with pytest.raises(UserError, match=said):
        obtain(make_data(source="cifar10"))
    assert not Path(".ganaug/downloads/cifar10/cifar-10-python.tar.gz").exists()


def test_a_file_that_changed_since_its_download_is_told(cifar10, make_data):
    data = make_data(source="cifar10", test=OFFICIAL)
    obtain(data)
    path = Path(".ganaug/downloads/cifar10/cifar-10-python.tar.gz")
    path.write_bytes(cifar10[:-1] + b"x")
    for look in (obtain, open_published):
        with pytest.raises(UserError, match=r"^data.source: cifar10: .*tar.gz has \w{32}, not \w{32} \(md5\); put the"):
            look(data)
    path.unlink()
    with pytest.raises(UserError, match=r"cifar-10-python.tar.gz of cifar10 is not on this machine; fetch it again"):
        open_published(data)


def test_what_it_is_is_recorded_and_known_before_any_download(cifar10, server, make_data):
    data = make_data(source="cifar10", test=OFFICIAL)
    known = f"torchvision {version('torchvision').partition('+')[0]} cifar10"
    assert fingerprint(data) == known
    record = obtain(data)
    assert record == {
        "source": "cifar10",
        "archive": None,
        "sha256": None,
        "fingerprint": known,
        "url": "https://www.cs.toronto.edu/~kriz/cifar.html",
        "files": [
            {
                "name": "cifar-10-python.tar.gz",
                "urls": [f"{server.url}/cifar-10-python.tar.gz"],
                "md5": md5(cifar10),
            }
        ],
        "licence": "none stated; its authors ask to be cited",
        "cite": ABOUT["cifar10"].cite,
        "attribute": None,
        "labels": None,
    }


def test_every_published_set_has_a_licence_as_far_as_known():
    assert set(ABOUT) == PUBLISHED | {"digits"}
    assert all(value for about in ABOUT.values() for value in asdict(about).values())


def test_preprocessing_needs_only_what_the_download_left(cifar10, idx_sets, celeba, server, make_data, tmp_path):
    chosen = {"cifar10": (32, 3, {}), "mnist": (28, 1, {}), "celeba": (None, None, {"attribute": "Smiling"})}
    records = {source: obtain(make_data(source=source, **more)) for source, (_, _, more) in chosen.items()}
    asked = len(server.asked)
    for source, (size, channels, more) in chosen.items():
        data = make_data(source=source, test=OFFICIAL, image_size=size or 16, channels=channels, **more)
        preprocess(data, seed=0, record=records[source], code="", workers=2, out=tmp_path / source)
    assert len(server.asked) == asked
    images, index = open_part(tmp_path / "cifar10", "test")
    assert [row.source for row in index] == [f"cifar10/test/0000{k}" for k in (1, 2, 0)]
    assert np.array_equal(images[0], pixels(5, 3, 3, 32, 32)[1].transpose(1, 2, 0))
    images, index = open_part(tmp_path / "mnist", "dev")
    assert images.shape == (12, 28, 28, 1)
    assert (index[0].source, index[0].label) == ("mnist/train/00000", "0")
    assert np.array_equal(images[0, ..., 0], pixels(13, 12, 28, 28)[0])
    images, index = open_part(tmp_path / "celeba", "test")
    assert images.shape == (2, 16, 16, 3)
    assert [row.label for row in index] == ["Smiling", "not-Smiling"]


def test_published_copies_across_the_test_set_may_be_dropped(server, make_data, tmp_path, monkeypatch):
    serve_cifar10(server, monkeypatch, cifar_batches(copied=True))
    data = make_data(source="cifar10", test=OFFICIAL, image_size=32, channels=3)
    told = r"^cifar10/test/00001: .* same pixels as cifar10/train/00003, .*; set data.near_duplicates to drop, "
    with pytest.raises(UserError, match=told):
        preprocess(data, seed=0, record=obtain(data), code="", workers=2, out=tmp_path / "one")
    data = replace(data, near_duplicates="drop", near_bits=0)
    preprocess(data, seed=0, record=obtain(data), code="", workers=2, out=tmp_path / "two")
    [part] = read_json(tmp_path / "two/report.json")["parts"]
    assert (part["near_duplicates"]["exact"], part["near_duplicates"]["dropped"]) == (1, 1)
    assert sum(part["dev"].values()) == 9
    assert "cifar10/train/00003" not in {row.source for row in open_part(tmp_path / "two", "dev")[1]}
    assert "cifar10/test/00001" in {row.source for row in open_part(tmp_path / "two", "test")[1]}


def open_part(out: Path, name: str) -> tuple[np.ndarray, list[IndexRow]]:
    both = open_image_set(out / f"p0/{name}/images.npy", out / f"p0/{name}/index.csv")
    return both.images, both.index
