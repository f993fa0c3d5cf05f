import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

import ganaug
from ganaug.errors import UserError
from ganaug.job import job


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (UserError("data.path: not set; set it"), "ganaug: data.path: not set; set it\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "results/images.npy"),
            "ganaug: results/images.npy: no space left (No space left on device); free some and run again\n",
        ),
        (OSError(errno.EDQUOT, "Quota"), "ganaug: the disk: no space left (Quota); free some and run again\n"),
        # The byte 0xff of a file name, as Python holds it, and a name that holds line breaks.
        (UserError("cat/\udcff.png: \r\nodd; rename it"), "ganaug: cat/\\udcff.png: \\r\\nodd; rename it\n"),
    ],
)
def test_what_a_user_can_mend_is_told_in_one_line(
    error: Exception, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left, job("logs/a.log"):
        raise error
    assert left.value.code == 1
    assert capsys.readouterr().err == told
    assert Path("logs/a.log").read_text() == told


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    with pytest.raises(PermissionError), job("logs/a.log"):
        raise PermissionError(errno.EACCES, "Permission denied", "x")
    assert "Traceback" in Path("logs/a.log").read_text()


def test_a_traceback_may_quote_any_name() -> None:
    with pytest.raises(KeyError), job("logs/a.log"):
        raise KeyError("\udcff\n")
    assert "KeyError: '\\udcff\\n'" in Path("logs/a.log").read_text()
    with pytest.raises(RuntimeError, match="odd"), job("logs/a.log"):
        raise RuntimeError("odd \udcff")
    assert "RuntimeError: odd \\udcff" in Path("logs/a.log").read_text()


def test_success_is_logged() -> None:
    with job("logs/a.log"):
        pass
    assert Path("logs/a.log").read_text().startswith("finished in 0.0 s, peak memory ")


def test_the_memory_is_that_of_the_job(tmp_path: Path) -> None:
    """Not of the process that started it: this one holds 200 MiB at that time, the job 100."""
    held = b"1" * (200 << 20)
    code = "from ganaug.job import job\nwith job('b.log'):\n    held = b'1' * (100 << 20)\n"
    environment = {**os.environ, "PYTHONPATH": str(Path(ganaug.__file__).parents[1])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert len(held) == 200 << 20
    assert 100 <= int(Path("b.log").read_text().split()[-2]) < 200
