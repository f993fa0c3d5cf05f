"""The loop of `make settle` around a Snakemake that is a stand-in: it scores what is missing, and tabulates."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from ganaug.errors import UserError
from ganaug.io import read_json
from ganaug.study.settle import experiment_of, read_budget, settle

from .conftest import ARMS, cell, make_data, make_study, score_file

LIBRARY = Path(__file__).resolve().parents[3] / "workflow/scripts"
SAME = (0.0001, -0.0001) * 5
CLEAR = (0.05, 0.051, 0.049, 0.05, 0.05, 0.052, 0.05, 0.049, 0.051, 0.05)
NOISE = (0.03, -0.02) * 5

STAND_IN = f"""#!{sys.executable}
import json, sys
from dataclasses import replace
from pathlib import Path
import yaml
sys.path.insert(0, {str(LIBRARY)!r})
from ganaug.arms import Arm
from ganaug.config import Data, Study, build
from ganaug.study.tables import tabulate

with open("calls.txt", "a") as calls:
    calls.write(" ".join(sys.argv[1:]) + chr(10))
drawn = json.loads(Path("drawn.json").read_text())
wanted = yaml.safe_load(Path(sys.argv[-1]).read_text())["study"]
paths = [Path(f"results/toy/scores/r{{r}}.json") for r in range(wanted["repeats"])]
for path, scores in zip(paths, drawn["scores"]):
    if scores is None:
        sys.exit(7)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(scores))
        with open("trained.txt", "a") as trained:
            trained.write(path.stem + chr(10))
if "--dry-run" not in sys.argv:
    tabulate(
        paths,
        study=replace(build(Study, drawn["study"], "study"), **wanted),
        arms={{name: build(Arm, arm, name) for name, arm in drawn["arms"].items()}},
        data=build(Data, drawn["data"], "data"),
        gan_records=[],
        seed=0,
        code="code",
        tables=Path("results/toy/tables"),
        summary=Path("results/toy/summary.json"),
    )
"""


@dataclass(frozen=True)
class Place:
    """The folder that Snakemake runs in."""

    folder: Path

    def draw(self, gains: Mapping[str, Sequence[float]], *, fails: int | None = None) -> None:
        """What each repeat will score: ``real`` 0.8, and each arm so much more; repeat ``fails`` does not end."""
        repeats = [
            score_file(r, [cell("real", 0.8), *(cell(arm, 0.8 + gain[r]) for arm, gain in gains.items())])
            for r in range(10)
        ]
        drawn = {
            "scores": [None if r == fails else scores for r, scores in enumerate(repeats)],
            "study": asdict(make_study(arms=["real", *gains])),
            "arms": {arm: asdict(ARMS[arm]) for arm in ["real", *gains]},
            "data": asdict(make_data()),
        }
        (self.folder / "drawn.json").write_text(json.dumps(drawn))

    def lines(self, name: str) -> list[str]:
        return (self.folder / name).read_text().splitlines()

    @property
    def summary(self) -> dict[str, object]:
        found: dict[str, object] = read_json(self.folder / "results/toy/summary.json")
        return found


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/snakemake").write_text(STAND_IN)
    (tmp_path / "bin/snakemake").chmod(0o755)
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("experiment: toy\n")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path)


def test_a_clear_study_is_settled_at_the_first_look(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.draw({"duplicate": SAME, "gan": CLEAR})
    assert settle("10", configfile="", arguments=["--cores", "1"]) == 0
    assert place.lines("calls.txt") == ["--cores 1 --configfile .ganaug/settle/toy.yaml"]
    told = capsys.readouterr().out
    # The control is outside the family: one comparison is left.
    assert told.splitlines()[0] == "ganaug: 6 repeats: 0 of 1 comparisons are open"
    assert "GAN augmentation (arm gan) helps lenet5: +5.0 points" in " ".join(told.split())
    assert "every comparison is settled" in told.splitlines()[-1]


def test_noise_goes_on_to_the_budget(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.draw({"gan": CLEAR, "mixed": NOISE})
    assert settle("8", configfile="", arguments=[]) == 0
    assert place.lines("trained.txt") == [f"r{r}" for r in range(8)]
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if "open" in line] == [
        f"ganaug: {repeats} repeats: 1 of 2 comparisons are open" for repeats in (6, 7, 8)
    ]
    assert "the budget of 8 repeats is spent" in told.splitlines()[-1]


def test_it_goes_on_from_what_is_there(place: Place) -> None:
    place.draw({"mixed": NOISE}, fails=8)
    assert settle("10", configfile="", arguments=[]) == 7  # Snakemake's own status
    assert place.lines("trained.txt") == [f"r{r}" for r in range(8)]
    place.draw({"mixed": NOISE})
    (place.folder / "calls.txt").unlink()
    assert settle("10", configfile="", arguments=[]) == 0
    assert place.lines("trained.txt") == [f"r{r}" for r in range(10)]
    assert len(place.lines("calls.txt")) == 3  # with 8, 9 and 10 repeats
    # a smaller budget is kept, whatever is there
    assert settle("7", configfile="", arguments=[]) == 0
    assert place.summary["repeats"] == {"planned": 7, "scored": 7, "fits": 1}


def test_an_interrupt_waits_for_snakemake_to_stop(place: Place) -> None:
    stopping = "import time, pathlib; time.sleep(0.6); pathlib.Path('stopped').touch(); raise SystemExit(3)"
    (place.folder / "bin/snakemake").write_text(
        f"#!{sys.executable}\nimport time\ntry:\n    print('at work', flush=True)\n    time.sleep(600)\n"
        f"except KeyboardInterrupt:\n    {stopping}\n"
    )
    command = [sys.executable, str(LIBRARY / "settle_study.py"), "--", "10"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as loop:
        assert loop.stdout is not None
        assert loop.stdout.readline() == "at work\n"
        os.killpg(loop.pid, signal.SIGINT)
        _, told = loop.communicate()
    assert (loop.returncode, (place.folder / "stopped").exists()) == (3, True)
    assert told == "ganaug: waiting for Snakemake to stop\n"


def test_a_run_that_did_something_else_is_told(place: Place) -> None:
    place.draw({"gan": CLEAR})
    with pytest.raises(UserError, match="leave targets and dry runs out of ARGS"):
        settle("10", configfile="", arguments=["--dry-run"])


def test_the_users_mistakes_are_one_line(place: Place) -> None:
    for text in ("", "5", "-7", "many", "7.5"):
        with pytest.raises(UserError, match=r"MOST: .* is not a whole number of 6 or more"):
            read_budget(text)
    with pytest.raises(UserError, match=r"absent\.yaml: cannot be read"):
        settle("10", configfile="absent.yaml", arguments=[])
    with pytest.raises(UserError, match=r"--configfile=other\.yaml cannot be given here"):
        settle("10", configfile="", arguments=["--configfile=other.yaml"])
    for content in ("experiment: [", "- list", ""):
        (place.folder / "bad.yaml").write_text(content)
        with pytest.raises(UserError, match=r"^bad\.yaml: not ") as caught:
            settle("10", configfile="bad.yaml", arguments=[])
        assert "\n" not in str(caught.value)
    assert not (place.folder / "calls.txt").exists()


def test_the_name_is_that_of_the_last_config_that_has_one(tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.yaml" for name in "abc")
    first.write_text("experiment: first\n")
    second.write_text("experiment: second\n")
    third.write_text("study: {}\n")
    assert experiment_of([first, third]) == "first"
    assert experiment_of([first, second]) == "second"
    with pytest.raises(UserError, match="experiment: a name is missing"):
        experiment_of([third])
