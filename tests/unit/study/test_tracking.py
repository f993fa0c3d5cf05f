"""What a sync leaves in MLflow, for two small cells whose every number is written here."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from ganaug.errors import UserError
from ganaug.io import read_json, write_csv, write_json, write_text
from ganaug.study import mlflow_store
from ganaug.study.mlflow_store import Run, Store, identity_of
from ganaug.study.tracking import Listing, Outcome, list_study, read_runs, sync

SCRIPT = Path(mlflow_store.__file__).parents[2] / "sync_tracking.py"
MAKEFILE = SCRIPT.parents[2] / "Makefile"
EXPERIMENT = Path("results/tiny")
CELLS = ("real/lenet5/r0f0", "gan/lenet5/r0f0")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and nothing in it; creating one takes seconds."""
    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in mlflow_store.SETTINGS.items():
            patch.setenv(name, value)
        from mlflow import MlflowClient

        assert MlflowClient(tracking_uri=f"sqlite:///{path}").get_experiment_by_name("tiny") is None
    return path


@pytest.fixture
def workspace(empty_database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the results of two cells and a study, and MLflow's empty database."""
    for name, value in mlflow_store.SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_database, "mlflow.db")
    write_cell("real")
    write_cell("gan", state="diverged")
    write_scores(accuracy=0.75)
    write_json(EXPERIMENT / "summary.json", {"headline": "GAN augmentation: underpowered."})
    write_text(EXPERIMENT / "report.html", "<p>underpowered</p>")
    write_text(EXPERIMENT / "tables/arms.csv", "arm\nreal\n")
    list_study(EXPERIMENT, listing(CELLS))
    return tmp_path


def listing(cells: Sequence[str]) -> Listing:
    """A study of these cells. Its plot is not there yet."""
    return Listing(
        records=[f"{EXPERIMENT}/cells/{cell}/status.json" for cell in cells],
        files=[f"{EXPERIMENT}/{file}" for file in ("report.html", "summary.json", "tables/arms.csv", "plots/gan.png")],
    )


def write_cell(arm: str, *, repeat: int = 0, state: str = "ok", model: str = "m0") -> None:
    folder = EXPERIMENT / f"cells/{arm}/lenet5/r{repeat}f0"
    write_csv(
        folder / "history.csv",
        ["step", "epoch", "seconds", "train_loss", "train_accuracy", "validation_accuracy"],
        [
            {
                "step": 5,
                "epoch": 1,
                "seconds": 0.5,
                "train_loss": 1.25,
                "train_accuracy": 0.5,
                "validation_accuracy": "",
            },
            {
                "step": 10,
                "epoch": 2,
                "seconds": 2.0,
                "train_loss": "nan",
                "train_accuracy": 0.875,
                "validation_accuracy": "",
            },
        ],
    )
    write_json(
        folder / "status.json",
        {
            "state": state,
            "reason": None if state == "ok" else "loss is NaN at step 10",
            "arm": arm,
            "classifier": "lenet5",
            "repeat": repeat,
            "fit": 0,
            "steps": 10,
            "selected_step": 5,
            "train_images": {"cat": 20, "dog": 22},
            "inputs": {},
            "config": {"training": {"lr": 0.001, "betas": [0.5, 0.999]}},
            "code": "c0de",
            "seeds": {"order": 1},
            "outputs": {"model.safetensors": model},
        },
    )


def write_scores(*, accuracy: float) -> None:
    by_class = {"n": 4, "precision": 0.75, "recall": 0.75, "f1": 0.75, "roc_auc": None}
    test = {"n": 8, "loss": 0.5, "accuracy": accuracy, "precision": 0.75, "recall": 0.75, "f1": 0.75, "roc_auc": None}
    test |= {"per_class": {"cat": by_class, "dog": by_class}, "confusion": [[3, 1], [1, 3]]}
    real = {"arm": "real", "classifier": "lenet5", "fit": 0, "curve": None}
    real |= {"model": "m0", "digest": f"d-{accuracy}"}
    write_json(
        EXPERIMENT / "scores/r0.json",
        {
            "repeat": 0,
            "classes": ["cat", "dog"],
            "cells": [
                real | {"splits": {"train": test, "validation": None, "test": test}},
                real | {"arm": "gan", "digest": None, "splits": None},
            ],
        },
    )


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run another Python that finds the library."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent)}
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)


def stored() -> list:
    """Every run that the UI would list."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{Path('mlflow.db').absolute()}")
    return client.search_runs([client.get_experiment_by_name("tiny").experiment_id])


def by_name() -> dict:
    """The listed runs by name; no name may occur twice."""
    runs = stored()
    names = {run.info.run_name: run for run in runs}
    assert len(names) == len(runs)
    return names


def test_runs_hold_what_the_files_say(workspace: Path) -> None:
    from mlflow import MlflowClient

    expected = Outcome("sqlite:///mlflow.db", sent=3, deleted=0, waiting=0, reason=None)
    assert sync(EXPERIMENT, uri=None, recheck=False) == expected
    runs = by_name()
    assert set(runs) == {"real/lenet5/r0f0", "gan/lenet5/r0f0", "study"}
    real, gan, study = runs["real/lenet5/r0f0"], runs["gan/lenet5/r0f0"], runs["study"]
    assert real.data.params == {
        "experiment": "tiny",
        "arm": "real",
        "classifier": "lenet5",
        "repeat": "0",
        "fit": "0",
        "selected_step": "5",
        "train_images": "42",
        "config.training.lr": "0.001",
        "config.training.betas": "[0.5, 0.999]",
    }
    assert real.data.metrics["test_accuracy"] == real.data.metrics["train_accuracy"] == 0.75
    assert not {"test_roc_auc", "validation_accuracy", "curve/validation_accuracy"} & set(real.data.metrics)
    expected_tags = {"kind": "cell", "arm": "real", "repeat": "0", "state": "ok", "digest": "d-0.75", "code": "c0de"}
    assert expected_tags.items() <= real.data.tags.items()
    assert real.info.status == "FINISHED"
    assert real.info.end_time - real.info.start_time == 2000

    client = MlflowClient(tracking_uri=f"sqlite:///{Path('mlflow.db').absolute()}")
    curve = client.get_metric_history(real.info.run_id, "curve/train_accuracy")
    assert [(point.step, point.value, point.timestamp - real.info.start_time) for point in curve] == [
        (5, 0.5, 500),
        (10, 0.875, 2000),
    ]
    assert [point.value for point in client.get_metric_history(real.info.run_id, "curve/train_loss")] == [1.25]

    assert gan.info.status == "FAILED"
    assert gan.data.tags["reason"] == "loss is NaN at step 10"
    assert "test_accuracy" not in gan.data.metrics
    assert study.data.tags["mlflow.note.content"] == "GAN augmentation: underpowered."


def test_tables_and_report_are_artefacts(workspace: Path) -> None:
    from mlflow.artifacts import download_artifacts

    write_text(EXPERIMENT / "plots/samples-earlier-last-n12.png", "of a GAN that the study no longer has")
    write_text(EXPERIMENT / "tables/.arms.csv.k1ll3d.csv", "ar")
    sync(EXPERIMENT, uri=None, recheck=False)
    runs = by_name()
    cell = Path(download_artifacts(artifact_uri=runs["real/lenet5/r0f0"].info.artifact_uri))
    assert {path.name for path in cell.iterdir()} == {
        "status.json",
        "history.csv",
        "test_confusion.csv",
        "test_per_class.csv",
    }
    assert (cell / "test_confusion.csv").read_text() == "true / predicted,cat,dog\ncat,3,1\ndog,1,3\n"
    assert (cell / "test_per_class.csv").read_text().splitlines()[1] == "cat,4,0.75,0.75,0.75,"
    study = Path(download_artifacts(artifact_uri=runs["study"].info.artifact_uri))
    assert (study / "report.html").read_text() == "<p>underpowered</p>"
    files = {path.relative_to(study).as_posix() for path in study.rglob("*") if path.is_file()}
    assert files == {"report.html", "summary.json", "tables/arms.csv"}


def test_a_second_sync_sends_nothing_and_imports_nothing(workspace: Path) -> None:
    sync(EXPERIMENT, uri=None, recheck=False)
    before = {run.info.run_id for run in stored()}
    program = (
        "import sys; from pathlib import Path; from ganaug.study.tracking import sync;"
        "print(sync(Path('results/tiny'), uri=None, recheck=False).sent, 'mlflow' in sys.modules)"
    )
    assert python("-c", program).stdout.split() == ["0", "False"]
    assert sync(EXPERIMENT, uri=None, recheck=True).sent == 0  # the store agrees with the ledger
    assert {run.info.run_id for run in stored()} == before


def test_a_changed_score_replaces_its_run_alone(workspace: Path) -> None:
    sync(EXPERIMENT, uri=None, recheck=False)
    before = by_name()
    write_scores(accuracy=0.875)
    assert sync(EXPERIMENT, uri=None, recheck=False).sent == 1
    after = by_name()
    assert set(after) == set(before)
    assert after["real/lenet5/r0f0"].data.metrics["test_accuracy"] == 0.875
    assert after["real/lenet5/r0f0"].data.tags["digest"] == "d-0.875"
    for name in ("gan/lenet5/r0f0", "study"):
        assert after[name].info.run_id == before[name].info.run_id


def test_scores_of_an_earlier_model_are_not_shown(workspace: Path) -> None:
    """A run that stopped when the cell was trained anew and not yet scored."""
    write_cell("real", model="m1")
    real = next(run for run in read_runs(EXPERIMENT, listing(CELLS)) if run.name == "real/lenet5/r0f0")
    assert "digest" not in real.tags
    assert {point.metric for point in real.points} == {"curve/train_loss", "curve/train_accuracy"}
    assert set(real.artefacts) == {"status.json", "history.csv"}


@pytest.mark.parametrize("forgotten", [False, True], ids=["known", "forgotten"])
def test_a_smaller_study_leaves_no_others_in_the_store(workspace: Path, forgotten: bool) -> None:
    """One repeat instead of two and an arm less; what a person made by hand in the experiment stays."""
    from mlflow import MlflowClient

    for repeat in (0, 1):
        for arm in ("real", "gan"):
            write_cell(arm, repeat=repeat)
    large = [f"{arm}/lenet5/r{repeat}f0" for arm in ("real", "gan") for repeat in (0, 1)]
    list_study(EXPERIMENT, listing(large))
    assert sync(EXPERIMENT, uri=None, recheck=False).sent == 5
    client = MlflowClient(tracking_uri=f"sqlite:///{Path('mlflow.db').absolute()}")
    client.create_run(client.get_experiment_by_name("tiny").experiment_id, run_name="by hand")

    list_study(EXPERIMENT, listing(["real/lenet5/r0f0"]))
    if forgotten:
        Path(".ganaug/tracking/tiny.json").unlink()
    outcome = sync(EXPERIMENT, uri=None, recheck=False)
    assert (outcome.sent, outcome.deleted) == (0, 3)
    assert str(outcome) == "tracking: sqlite:///mlflow.db: 3 runs outside the study deleted"
    assert set(by_name()) == {"real/lenet5/r0f0", "study", "by hand"}
    assert str(sync(EXPERIMENT, uri=None, recheck=True)) == "tracking: sqlite:///mlflow.db: up to date"
    assert len(list(EXPERIMENT.glob("cells/*/*/*/status.json"))) == 4

    list_study(EXPERIMENT, listing(large))
    assert sync(EXPERIMENT, uri=None, recheck=False).sent == 3
    assert set(by_name()) == {*large, "study", "by hand"}


def test_a_cell_that_is_being_made_anew_stays_as_it_was(workspace: Path) -> None:
    sync(EXPERIMENT, uri=None, recheck=False)
    before = by_name()
    (EXPERIMENT / "cells/gan/lenet5/r0f0/status.json").unlink()
    assert sync(EXPERIMENT, uri=None, recheck=True).deleted == 0
    assert {name: run.info.run_id for name, run in by_name().items()} == {
        name: run.info.run_id for name, run in before.items()
    }


def test_a_deletion_that_failed_is_made_up_for(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow import MlflowClient

    sync(EXPERIMENT, uri=None, recheck=False)
    list_study(EXPERIMENT, listing(["real/lenet5/r0f0"]))

    def gone(*arguments: object) -> None:
        raise OSError("gone")

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "delete_run", gone)
        outcome = sync(EXPERIMENT, uri=None, recheck=False)
        assert outcome == Outcome("sqlite:///mlflow.db", sent=0, deleted=0, waiting=1, reason="OSError: gone")
    assert sync(EXPERIMENT, uri=None, recheck=False).deleted == 1
    assert set(by_name()) == {"real/lenet5/r0f0", "study"}


class Killed(BaseException):
    """Ends a sync at once, as a kill does: nothing catches it."""


@pytest.mark.parametrize("step", ["log_batch", "log_artifacts", "set_terminated", "set_tag", "delete_run"])
def test_a_stop_anywhere_is_repaired(workspace: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A sync that ends as it would take ``step`` for the second time; then a sync as usual."""
    from mlflow import MlflowClient

    if step == "delete_run":  # two outdated runs
        sync(EXPERIMENT, uri=None, recheck=False)
        write_cell("real", state="failed")
        write_cell("gan", state="failed")
    calls, taken = itertools.count(1), getattr(MlflowClient, step)

    def stopped(*arguments: object, **named: object) -> object:
        if next(calls) == 2:
            raise Killed
        return taken(*arguments, **named)

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, step, stopped)
        with pytest.raises(Killed):
            sync(EXPERIMENT, uri=None, recheck=False)
    assert sync(EXPERIMENT, uri=None, recheck=False).waiting == 0
    digests = {run.name: run.digest for run in read_runs(EXPERIMENT, listing(CELLS))}
    assert {name: run.data.tags["ganaug.synced"] for name, run in by_name().items()} == digests


def test_a_killed_process_is_repaired(workspace: Path) -> None:
    """SIGKILL between the creation of a run and its last tag."""
    program = """
import os, signal
from pathlib import Path
from mlflow import MlflowClient
from ganaug.study.tracking import sync
MlflowClient.set_terminated = lambda *arguments, **named: os.kill(os.getpid(), signal.SIGKILL)
sync(Path("results/tiny"), uri=None, recheck=False)
"""
    done = python("-c", program)
    assert done.returncode == -signal.SIGKILL
    assert [run.info.status for run in stored()] == ["RUNNING"]
    assert sync(EXPERIMENT, uri=None, recheck=False).sent == 3
    assert [run.info.status for run in by_name().values()].count("RUNNING") == 0


def test_what_an_unreachable_server_missed_is_sent_later(workspace: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    uri = f"http://someone:secret@127.0.0.1:{port}"
    outcome = sync(EXPERIMENT, uri=uri, recheck=False)
    assert (outcome.sent, outcome.waiting) == (0, 3)
    expected = f"tracking: http://127.0.0.1:{port}: not reachable; 3 runs wait for the next run or `make track`"
    assert str(outcome) == expected
    assert sync(EXPERIMENT, uri="sqlite:///mlflow.db", recheck=False).sent == 3
    assert len(by_name()) == 3


def test_a_store_that_goes_away_keeps_what_it_got(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Store.put

    def put_until_study(store: Store, run: Run) -> bool:
        if run.name == "study":
            raise OSError("gone")
        return put(store, run)

    with monkeypatch.context() as patch:
        patch.setattr(Store, "put", put_until_study)
        outcome = sync(EXPERIMENT, uri=None, recheck=False)
        assert outcome == Outcome("sqlite:///mlflow.db", sent=2, deleted=0, waiting=1, reason="OSError: gone")
    outcome = sync(EXPERIMENT, uri=None, recheck=False)
    assert outcome == Outcome("sqlite:///mlflow.db", sent=1, deleted=0, waiting=0, reason=None)
    assert len(by_name()) == 3


def test_a_new_database_of_the_same_name_gets_everything(workspace: Path, empty_database: Path) -> None:
    """Also where the file system gives it the inode of the old one."""
    sync(EXPERIMENT, uri=None, recheck=False)
    inode = Path("mlflow.db").stat().st_ino
    Path("mlflow.db").write_bytes(empty_database.read_bytes())
    assert Path("mlflow.db").stat().st_ino == inode
    assert "3 runs sent" in python(str(SCRIPT), "--after-run").stderr


def test_an_experiment_is_told_by_its_number_and_creation(tmp_path: Path) -> None:
    path = tmp_path / "a b?.db"
    uri = f"sqlite:///{path}"
    assert identity_of(uri, "tiny") is None
    assert not path.exists()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE experiments (experiment_id INTEGER, name TEXT, creation_time BIGINT)")
        database.execute("INSERT INTO experiments VALUES (7, 'tiny', 1700000000123)")
    assert identity_of(uri, "tiny") == f"{path}: experiment 7 of 1700000000123"
    assert identity_of(uri, "other") is None
    path.write_text("no database")
    assert identity_of(uri, "tiny") is None
    assert identity_of("https://host", "tiny") == "https://host"


def test_runs_and_experiments_deleted_in_the_ui_come_back_with_a_recheck(workspace: Path) -> None:
    from mlflow import MlflowClient

    sync(EXPERIMENT, uri=None, recheck=False)
    client = MlflowClient(tracking_uri=f"sqlite:///{Path('mlflow.db').absolute()}")
    client.delete_run(by_name()["study"].info.run_id)
    client.delete_experiment(client.get_experiment_by_name("tiny").experiment_id)
    assert sync(EXPERIMENT, uri=None, recheck=False).sent == 0
    assert sync(EXPERIMENT, uri=None, recheck=True).waiting == 0
    assert len(by_name()) == 3


def test_two_syncers_at_once_make_no_duplicates(workspace: Path) -> None:
    Path("mlflow.db").unlink()  # they also create the database
    processes = [subprocess.Popen([sys.executable, str(SCRIPT)], stderr=subprocess.PIPE, text=True) for _ in range(2)]
    messages = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], messages
    assert sorted("3 runs sent" in message for message in messages) == [False, True]
    assert len(by_name()) == 3


def test_the_command_fails_for_a_person_and_never_for_a_pipeline(workspace: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{closed.getsockname()[1]}"
    by_hand = python(str(SCRIPT), str(EXPERIMENT), "--uri", uri)
    by_pipeline = python(str(SCRIPT), str(EXPERIMENT), "--uri", uri, "--after-run")
    assert (by_hand.returncode, by_pipeline.returncode) == (1, 0)
    assert by_hand.stderr == by_pipeline.stderr
    assert by_hand.stderr.startswith(f"ganaug: tracking: {uri}: not reachable; 3 runs wait")
    assert by_hand.stderr.count("\n") == 1
    assert read_json(".ganaug/tracking/tiny.json")["uri"] == uri  # where the next `make track` sends


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ([], []),
        (["URI="], []),
        (['URI=https://someone:it\'s@host/a b?c=d&e="f"'], ["--uri", 'https://someone:it\'s@host/a b?c=d&e="f"']),
    ],
)
def test_make_track_passes_the_address_that_it_is_given(tmp_path: Path, given: list[str], passed: list[str]) -> None:
    """With a Python that tells its arguments, one a line, and an installation that is done."""
    write_text(tmp_path / "envs/requirements.lock", "")
    write_text(tmp_path / ".venv/.installed", "")
    write_text(tmp_path / ".venv/bin/python", "#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    (tmp_path / ".venv/bin/python").chmod(0o755)
    done = subprocess.run(
        ["make", "--silent", "--no-print-directory", "-C", str(tmp_path), "-f", str(MAKEFILE), "track", *given],
        env={**os.environ, "URI": "sqlite:///not-meant.db"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == ["workflow/scripts/sync_tracking.py", *passed]


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(UserError, match=r"^results/none: no such folder; give results/"):
        sync(Path("results/none"), uri=None, recheck=True)


def test_a_study_that_was_never_listed_says_how_to_list_it(workspace: Path) -> None:
    shutil.rmtree(".ganaug")
    with pytest.raises(UserError, match=r"^results/tiny: .* not known here; `snakemake --forcerun write_report`"):
        sync(EXPERIMENT, uri=None, recheck=True)
