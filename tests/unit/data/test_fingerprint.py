from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ganaug.data.fingerprint import check_unchanged, describe, fingerprint
from ganaug.errors import UserError

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def test_digits_are_known_by_the_version_of_scikit_learn(make_data):
    data = make_data(source="digits")
    assert fingerprint(data) == f"scikit-learn {version('scikit-learn')}"


def test_a_folder_is_known_by_the_paths_and_contents_of_its_images(make_data, tmp_path):
    image = tmp_path / "images/a/1.png"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"abc")
    data = make_data(path=str(tmp_path / "images"))
    known = hashlib.sha256(f'[["a/1.png","{ABC}"]]'.encode()).hexdigest()
    assert fingerprint(data) == known
    image.with_name("notes.txt").write_text("x")
    image.with_name(".DS_Store").write_text("x")
    image.touch()
    assert fingerprint(data) == known
    image.write_bytes(b"abd")
    assert fingerprint(data) != known
    image.write_bytes(b"abc")
    assert fingerprint(data) == known
    image.rename(image.with_name("2.png"))
    assert fingerprint(data) != known


def test_the_labels_of_a_folder_are_part_of_what_it_is(make_data, make_image, tmp_path):
    make_image("images/1.png")
    labels = tmp_path / "images/labels.csv"
    labels.write_text("file,label\n1.png,cat\n")
    data = make_data(path=str(tmp_path / "images"), labels="labels.csv")
    before = fingerprint(data)
    labels.write_text("file,label\n1.png,dog\n")
    assert fingerprint(data) not in (before, fingerprint(make_data(path=str(tmp_path / "images"))))
    labels.unlink()
    assert fingerprint(data) == "unreadable"


def test_what_changed_is_told_and_what_is_missing_is_left_to_its_reader(make_data, make_image, tmp_path):
    image = make_image("images/a/1.png")
    data = make_data(path=str(tmp_path / "images"))
    record = describe(data)
    check_unchanged(data, record)
    image.write_bytes(b"other")
    with pytest.raises(UserError, match=r"^data.source: the folder is not what data/source.json recorded; delete"):
        check_unchanged(data, record)
    (tmp_path / "images").rename(tmp_path / "elsewhere")
    check_unchanged(data, record)


def test_published_sets_are_known_by_the_version_of_torchvision(make_data):
    release = version("torchvision").partition("+")[0]
    for source in ("cifar10", "mnist", "fashion-mnist", "celeba"):
        assert fingerprint(make_data(source=source)) == f"torchvision {release} {source}"


def test_a_folder_is_the_same_wherever_it_lies(make_data, make_image, tmp_path):
    make_image("here/a/1.png")
    make_image("there/a/1.png")
    here, there = (fingerprint(make_data(path=str(tmp_path / name))) for name in ("here", "there"))
    assert here == there


def test_an_absent_source_has_none(make_data, tmp_path, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    for source in ("folder", "archive"):
        assert fingerprint(make_data(source=source, path=str(tmp_path / "nowhere"))) is None


def test_a_folder_that_cannot_be_read_is_another(make_data, make_image, tmp_path):
    make_image("a/1.png")
    (tmp_path / "a/2.png").symlink_to("nowhere")
    assert fingerprint(make_data(path=str(tmp_path))) == "unreadable"


def test_an_archive_is_known_by_its_digest(make_data, tmp_path, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    path = tmp_path / "images.tar"
    path.write_bytes(b"abc")
    assert fingerprint(make_data(source="archive", path=str(path), sha256="f" * 64)) == "f" * 64
    plain = make_data(source="archive", path=str(path))
    assert fingerprint(plain) == ABC
    path.touch()
    assert fingerprint(plain) == ABC
    path.write_bytes(b"abd")
    assert fingerprint(plain) == hashlib.sha256(b"abd").hexdigest()


def test_importing_it_imports_nothing_heavy():
    heavy = "{'numpy', 'torch', 'torchvision', 'sklearn', 'PIL', 'scipy'}"
    code = f"import sys, ganaug.data.fingerprint; print(sorted({heavy} & set(sys.modules)))"
    library = Path(sys.modules["ganaug"].__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(library)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("checked", [True, False])
def test_describe_records_an_archive(checked, make_data, make_image, tmp_path, monkeypatch):
    import tarfile

    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    make_image("top/a/1.png")
    archive = tmp_path / "images.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "top", arcname="top")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    data = make_data(source="archive", path=str(archive), sha256=sha256 if checked else None)
    assert describe(data) == {
        "source": "archive",
        "archive": "images.tar",
        "sha256": sha256,
        "fingerprint": sha256,
        "url": None,
        "files": [],
        "licence": None,
        "cite": None,
        "attribute": None,
        "labels": None,
    }


def test_describe_refuses_a_source_without_images(make_data, tmp_path):
    with pytest.raises(UserError, match=r"data.path: .* holds no images"):
        describe(make_data(path=str(tmp_path)))
