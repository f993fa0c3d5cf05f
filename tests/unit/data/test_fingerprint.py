from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from ganaug.data.fingerprint import describe, fingerprint
from ganaug.errors import UserError


def test_digits_are_known_by_the_version_of_scikit_learn(make_data):
    data = make_data(source="digits")
    assert fingerprint(data, "anything") == f"scikit-learn {version('scikit-learn')}"


def test_a_folder_changes_with_its_images_and_not_with_other_files(make_data, make_image, tmp_path):
    make_image("a/1.png")
    data = make_data(path=str(tmp_path))
    first = fingerprint(data, None)
    (tmp_path / "a/notes.txt").write_text("x")
    (tmp_path / ".DS_Store").write_text("x")
    assert fingerprint(data, None) == first
    make_image("a/2.png")
    assert fingerprint(data, None) != first


def test_a_folder_is_the_same_wherever_it_lies(make_data, make_image, tmp_path):
    make_image("here/a/1.png")
    make_image("there/a/1.png")
    assert fingerprint(make_data(path=str(tmp_path / "here")), None) == fingerprint(
        make_data(path=str(tmp_path / "there")), None
    )


def test_an_absent_source_is_what_was_recorded(make_data, tmp_path, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    for source in ("folder", "archive"):
        data = make_data(source=source, path=str(tmp_path / "nowhere"))
        assert fingerprint(data, "earlier") == "earlier"
        assert fingerprint(data, None) == "absent"


def test_an_archive_is_known_by_its_digest_or_else_by_name_and_size(make_data, tmp_path, monkeypatch):
    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    path = tmp_path / "images.tar"
    path.write_bytes(b"12345")
    assert fingerprint(make_data(source="archive", path=str(path), sha256="f" * 64), None) == "f" * 64
    plain = make_data(source="archive", path=str(path))
    first = fingerprint(plain, None)
    path.write_bytes(b"54321")
    assert fingerprint(plain, None) == first
    path.write_bytes(b"123456")
    assert fingerprint(plain, None) != first


def test_importing_it_imports_nothing_heavy():
    heavy = "{'numpy', 'torch', 'sklearn', 'PIL', 'scipy'}"
    code = f"import sys, ganaug.data.fingerprint; print(sorted({heavy} & set(sys.modules)))"
    library = Path(sys.modules["ganaug"].__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(library)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_describe_records_an_archive(make_data, make_image, tmp_path, monkeypatch):
    import tarfile

    monkeypatch.delenv("GANAUG_MIRROR", raising=False)
    make_image("top/a/1.png")
    archive = tmp_path / "images.tar"
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "top", arcname="top")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    data = make_data(source="archive", path=str(archive), sha256=sha256)
    assert describe(data) == {
        "source": "archive",
        "archive": "images.tar",
        "sha256": sha256,
        "fingerprint": sha256,
    }


def test_describe_refuses_a_source_without_images(make_data, tmp_path):
    with pytest.raises(UserError, match=r"data.path: .* holds no images"):
        describe(make_data(path=str(tmp_path)))
