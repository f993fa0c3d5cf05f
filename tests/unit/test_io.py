import hashlib
import os
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest
import torch

from ganaug import io
from ganaug.errors import UserError
from ganaug.io import (
    atomic,
    digest,
    digest_value,
    exclusive,
    load_tensors,
    read_csv,
    save_tensors,
    write_csv,
    write_json,
)


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def write() -> None:
        with atomic(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write()
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.txt"]


def test_a_half_written_file_has_a_name_that_dvc_ignores(tmp_path: Path) -> None:
    ignored = (Path(__file__).parents[2] / ".dvcignore").read_text(encoding="utf-8").splitlines()
    assert ".tmp-*" in ignored
    with atomic(tmp_path / "images.npy") as temporary:
        assert temporary.parent == tmp_path
        assert fnmatch(temporary.name, ".tmp-*.npy")


def test_csv_round_trip_keeps_commas_quotes_and_umlauts(tmp_path: Path) -> None:
    rows = [{"label": 'a,"b"', "n": "1"}, {"label": "Kühe", "n": ""}]
    write_csv(tmp_path / "a.csv", ("label", "n"), rows)
    assert read_csv(tmp_path / "a.csv") == rows


def test_csv_round_trip_keeps_line_breaks_of_every_kind(tmp_path: Path) -> None:
    rows = [{"label": "a\rb", "n": "1"}, {"label": "c\nd", "n": "2"}, {"label": "e\r\nf", "n": "3"}]
    write_csv(tmp_path / "a.csv", ("label", "n"), rows)
    assert read_csv(tmp_path / "a.csv") == rows
    write_csv(tmp_path / "b.csv", ("label", "n"), [{"label": "x", "n": 1}])
    assert (tmp_path / "b.csv").read_bytes() == b"label,n\nx,1\n"


def test_a_row_with_an_unknown_column_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="extra"):
        write_csv(tmp_path / "a.csv", ("label",), [{"label": "x", "extra": 1}])
    assert not (tmp_path / "a.csv").exists()


def test_nan_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", {"x": float("nan")})


def test_digest_is_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1
    assert digest(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_value({"b": 1, "a": 2}) == hashlib.sha256(b'{"a":2,"b":1}').hexdigest()


def test_tensors_round_trip_with_metadata_and_a_torn_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_tensors(path, {"w": torch.tensor([[1.5, -2.0]]).T}, {"step": "3"})
    tensors, metadata = load_tensors(path)
    assert tensors["w"].tolist() == [[1.5], [-2.0]]
    assert metadata["step"] == "3"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(UserError, match=r"w\.safetensors"):
        load_tensors(path)


def test_a_lock_keeps_another_process_out_until_it_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    take = "from ganaug.io import exclusive\nwith exclusive({!r}, waiting='one waits'): print('in', flush=True)"
    environment = {**os.environ, "PYTHONPATH": str(Path(io.__file__).parents[1])}

    def other(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", take.format(name)]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    with exclusive("a", waiting="unsaid"):
        assert other("b").communicate(timeout=60) == ("in\n", "")
        kept_out = other("a")
        assert kept_out.stderr is not None
        assert kept_out.stderr.readline() == "ganaug: one waits\n"
        assert kept_out.poll() is None
    assert kept_out.communicate(timeout=60)[0] == "in\n"


def test_metadata_of_several_entries_are_refused_since_their_order_would_be_chance(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="one entry of metadata, not 2"):
        save_tensors(tmp_path / "t.safetensors", {}, {"a": "1", "b": "2"})
    assert list(tmp_path.iterdir()) == []
