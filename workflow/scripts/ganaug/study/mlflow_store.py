"""One experiment in an MLflow store: a run a name, replaced when its content changes, deleted when it has no place.

Runs of earlier syncs are found by a tag; a run without it is a person's own and is left alone. MLflow's parameters
cannot be changed and its metrics only grow, so a changed cell gets a new run and the outdated one is deleted, never
updated in place. The last tag of a run is the digest of all that was sent: a run without it was cut short, and the next
sync replaces it.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ganaug.io import atomic, digest_value

if TYPE_CHECKING:
    from mlflow.entities import Run as StoredRun

ID_TAG, SYNCED_TAG = "ganaug.id", "ganaug.synced"
METRICS_A_BATCH, PARAMS_A_BATCH = 1000, 100  # MLflow's limits
SETTINGS = {
    # An unreachable server costs seconds; MLflow's own defaults retry for minutes.
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}


@dataclass(frozen=True)
class Point:
    """One value of a metric: its step and, in milliseconds after the start of its run, its time."""

    metric: str
    value: float
    step: int = 0
    after: int = 0


@dataclass(frozen=True)
class Run:
    """What MLflow shall show of one cell, or of the study.

    Attributes:
        name: ``arm/classifier/r0f0``, or ``study``; unique in an experiment.
        params, tags: text by name.
        points: metrics. What is measured once stands at step 0, which the UI draws as a bar, not as a line.
        artefacts: contents by path within the run.
        finished: False for a cell that diverged or failed.
        start, end: milliseconds since 1970. They are shown, and do not count as content.
    """

    name: str
    params: Mapping[str, str]
    tags: Mapping[str, str]
    points: Sequence[Point]
    artefacts: Mapping[str, bytes]
    finished: bool
    start: int
    end: int

    @property
    def digest(self) -> str:
        """SHA-256 of the content."""
        return digest_value(
            [
                self.name,
                dict(self.params),
                dict(self.tags),
                [[point.metric, repr(point.value), point.step] for point in self.points],
                {path: hashlib.sha256(content).hexdigest() for path, content in self.artefacts.items()},
                self.finished,
            ]
        )


def database_of(uri: str) -> Path | None:
    """The absolute path of the SQLite file that ``uri`` names, or None for another store."""
    return Path(uri.removeprefix("sqlite:///")).absolute() if uri.startswith("sqlite:///") else None


def identity_of(uri: str, experiment: str) -> str | None:
    """What tells the store's experiment from one made anew at the same address; None where that cannot be told.

    In a database it is read without MLflow, whose import takes seconds: the experiment's number and the millisecond
    of its creation. An inode would not do: the next file gets it again. Of a server only the address is known.
    """
    database = database_of(uri)
    if database is None:
        return uri
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            query = "SELECT experiment_id, creation_time FROM experiments WHERE name = ?"
            made = connection.execute(query, (experiment,)).fetchone()
    except sqlite3.Error:  # locked, or without MLflow's tables: the store itself is asked
        return None
    return None if made is None else f"{database}: experiment {made[0]} of {made[1]}"


class Store:
    """One experiment in an MLflow store; the only code that imports MLflow."""

    def __init__(self, uri: str, experiment: str) -> None:
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        database = database_of(uri)
        if database is not None and not database.exists():
            # A kill while MLflow makes its tables would leave a database that it can neither use nor mend.
            with atomic(database) as temporary:
                MlflowClient(tracking_uri=f"sqlite:///{temporary}").get_experiment_by_name(experiment)
        # Absolute: MLflow keeps the stores that a process has opened by their address.
        self._client = MlflowClient(tracking_uri=f"sqlite:///{database}" if database else uri)
        self._experiment = experiment
        self._experiment_id = self._open_experiment(database)
        self._stored: dict[str, list[StoredRun]] = {}
        for run in self._search():
            owner, _, name = run.data.tags.get(ID_TAG, "").partition("/")
            if owner == experiment:
                self._stored.setdefault(name, []).append(run)

    def put(self, run: Run) -> bool:
        """Make ``run``, as it is, the only run of its name; False if it was that already but for leftovers."""
        same_name = self._stored.get(run.name, [])
        whole = next((stored for stored in same_name if stored.data.tags.get(SYNCED_TAG) == run.digest), None)
        if whole is None:
            self._create(run)
        for stored in same_name:
            if stored is not whole:
                self._client.delete_run(stored.info.run_id)
        return whole is None

    def delete_all_but(self, names: Collection[str]) -> int:
        """Delete the runs of earlier syncs that have other names, as the UI does it; returns how many there were."""
        outside = [run for name, runs in self._stored.items() if name not in names for run in runs]
        for run in outside:
            self._client.delete_run(run.info.run_id)
        return len(outside)

    def _open_experiment(self, database: Path | None) -> str:
        found = self._client.get_experiment_by_name(self._experiment)
        if found is None:
            # A server knows where its artefacts go; those of a local database lie beside it.
            location = None if database is None else str(database.parent / "mlruns" / self._experiment)
            return str(self._client.create_experiment(self._experiment, artifact_location=location))
        if found.lifecycle_stage == "deleted":
            self._client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _search(self) -> Iterator[StoredRun]:
        token = None
        while True:
            page = self._client.search_runs([self._experiment_id], max_results=1000, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _create(self, run: Run) -> None:
        from mlflow.entities import Metric, Param

        tags = {**run.tags, ID_TAG: f"{self._experiment}/{run.name}", "mlflow.source.name": "ganaug"}
        created = self._client.create_run(self._experiment_id, start_time=run.start, tags=tags, run_name=run.name)
        run_id = created.info.run_id
        params = [Param(name, text) for name, text in run.params.items()]
        for first in range(0, len(params), PARAMS_A_BATCH):
            self._client.log_batch(run_id, params=params[first : first + PARAMS_A_BATCH])
        metrics = [Metric(point.metric, point.value, run.start + point.after, point.step) for point in run.points]
        for first in range(0, len(metrics), METRICS_A_BATCH):
            self._client.log_batch(run_id, metrics=metrics[first : first + METRICS_A_BATCH])
        with tempfile.TemporaryDirectory() as folder:
            for path, content in run.artefacts.items():
                target = Path(folder, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            self._client.log_artifacts(run_id, folder)
        self._client.set_terminated(run_id, "FINISHED" if run.finished else "FAILED", end_time=run.end)
        self._client.set_tag(run_id, SYNCED_TAG, run.digest)
