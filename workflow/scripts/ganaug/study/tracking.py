"""Every cell of the study as an MLflow run: read from the results, sent by one syncer at a time.

The results also hold cells that earlier studies left. Snakemake lists those of the study that it runs (`list_study`);
others are not sent, and are deleted from the store, never from the disk.

Jobs never import MLflow; the syncer reads what they wrote. A ledger of the digests that were sent spares the import
of MLflow, which takes seconds, when there is nothing new. It is a shortcut only: the tags of the runs are the truth.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ganaug.errors import UserError
from ganaug.io import exclusive, read_csv, read_json, write_json
from ganaug.study.mlflow_store import Point, Run, Store, identity_of
from ganaug.study.scores import METRICS

DEFAULT_URI = "sqlite:///mlflow.db"
HOME = Path(".ganaug/tracking")
STUDY_RUN = "study"


@dataclass(frozen=True)
class Outcome:
    """How a sync ended: runs sent, runs deleted, runs that still wait for either, and why (None: none waits)."""

    uri: str
    sent: int
    deleted: int
    waiting: int
    reason: str | None

    def __str__(self) -> str:
        place = re.sub("//[^/]*@", "//", self.uri)  # never print a password
        if self.reason is not None:
            return f"tracking: {place}: {self.reason}; {self.waiting} runs wait for the next run or `make track`"
        changes = ((self.sent, "sent"), (self.deleted, "outside the study deleted"))
        told = ", ".join(f"{count} runs {change}" for count, change in changes if count)
        return f"tracking: {place}: {told or 'up to date'}"


@dataclass(frozen=True)
class Listing:
    """The files that a study consists of, whether they are there yet or not.

    Attributes:
        records: of its cells, ``.../cells/{arm}/{classifier}/r{r}f{f}/status.json``.
        files: what the run of the study itself carries.
    """

    records: Sequence[str]
    files: Sequence[str]

    @property
    def names(self) -> set[str]:
        """Of all its runs."""
        return {STUDY_RUN, *(_name(Path(record)) for record in self.records)}


@dataclass
class Ledger:
    """What is known to be in a store: the digest last synced, by name of the run.

    ``store`` is its identity (see `identity_of`): a database that was deleted is not the same store when there is a
    file of that name again.
    """

    uri: str
    store: str | None = None
    synced: dict[str, str] = field(default_factory=dict)


def list_study(folder: Path, listing: Listing) -> None:
    """Say what the study in ``folder`` consists of, for every `sync` until the next listing."""
    write_json(_listing_path(folder), asdict(listing))


def sync(folder: Path, *, uri: str | None, recheck: bool) -> Outcome:
    """Give the store at ``uri`` every run of the study in ``folder`` as it is now, and leave it no other.

    A run whose files are listed and not there, as while they are made anew, stays in the store as it is. One sync runs
    at a time; another waits for it. No failure of the store is raised: it is the outcome's reason.

    Args:
        folder: ``results/{experiment}``.
        uri: of the MLflow store; None is the one last used for this experiment, at first a local SQLite file.
        recheck: ask the store what it has; otherwise believe the ledger.

    Raises:
        UserError: there is no such folder, or what belongs to its study was never listed.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give results/ and the name of an experiment that has run")
    if not _listing_path(folder).exists():
        raise UserError(
            f"{folder}: which cells belong to its study is not known here; `snakemake --forcerun write_report`, with "
            "the experiment's --configfile, tells, and sends them"
        )
    with exclusive("tracking", waiting="another process sends runs to MLflow; waiting for it"):
        book = HOME / f"{folder.name}.json"
        last = Ledger(**read_json(book)) if book.exists() else Ledger(DEFAULT_URI)
        uri = uri or last.uri
        identity = identity_of(uri, folder.name)
        known = last.synced if identity is not None and (last.uri, last.store) == (uri, identity) else {}
        listing = Listing(**read_json(_listing_path(folder)))
        runs, names = read_runs(folder, listing), listing.names
        pending = [run for run in runs if recheck or known.get(run.name) != run.digest]
        outside = known.keys() - names
        # Before the store is asked, a recheck knows nothing.
        sent, deleted, done, reason = 0, 0, {} if recheck else dict(known), None
        try:
            if pending or outside:
                store = Store(uri, folder.name)
                deleted, outside = store.delete_all_but(names), set()
                for run in _progress(pending):
                    sent += store.put(run)
                    done[run.name] = run.digest
        except Exception as error:  # a store, a network, a disk: the results are safe without it
            reason = _explain(error, uri)
        synced = {name: digest for name, digest in {**known, **done}.items() if name in names | outside}
        ledger = Ledger(uri=uri, store=identity_of(uri, folder.name), synced=synced)
        if ledger != last:
            write_json(book, asdict(ledger))
        waiting = len(outside) + sum(done.get(run.name) != run.digest for run in runs)
        return Outcome(uri=uri, sent=sent, deleted=deleted, waiting=waiting, reason=reason)


def read_runs(folder: Path, listing: Listing) -> list[Run]:
    """The cells of the study in ``folder`` that have ended, scored or not, and the study itself if it is there."""
    statuses = {path: read_json(path) for path in map(Path, listing.records) if path.exists()}
    score_paths = {folder / f"scores/r{status['repeat']}.json" for status in statuses.values()}
    scores = {
        (score["repeat"], cell["arm"], cell["classifier"], cell["fit"]): (score, cell)
        for score in (read_json(path) for path in score_paths if path.exists())
        for cell in score["cells"]
    }
    runs = []
    for path, status in statuses.items():
        score, cell = scores.get((status["repeat"], status["arm"], status["classifier"], status["fit"]), (None, None))
        # Where a run stopped between training and scoring, the scores are those of an earlier model.
        if cell is not None and cell.get("model") != status["outputs"]["model.safetensors"]:
            score, cell = None, None
        runs.append(_cell_run(folder.name, path, status, score, cell))
    return [*runs, *_study_run(folder, listing.files)]


def _listing_path(folder: Path) -> Path:
    return HOME / f"{folder.name}.study.json"


def _name(record: Path) -> str:
    """Of a cell's run, ``arm/classifier/r0f0``: the last folders of its record."""
    return "/".join(record.parts[-4:-1])


def _cell_run(
    experiment: str,
    record: Path,
    status: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    cell: Mapping[str, Any] | None,
) -> Run:
    identity = {key: str(status[key]) for key in ("arm", "classifier", "repeat", "fit")}
    history_path = record.with_name("history.csv")
    history = read_csv(history_path) if history_path.exists() else []
    splits: Mapping[str, Any] = (cell or {}).get("splits") or {}
    artefacts = {path.name: path.read_bytes() for path in (record, history_path) if path.exists()}
    if score is not None and splits.get("test"):
        artefacts |= _test_tables(score["classes"], splits["test"])
    end = round(record.stat().st_mtime * 1000)
    params = {
        "experiment": experiment,
        **identity,
        "selected_step": str(status.get("selected_step")),
        "train_images": str(sum((status.get("train_images") or {}).values())),
        **_flat("config", status["config"]),
    }
    tags = {
        "kind": "cell",
        **identity,
        "state": status["state"],
        "reason": status.get("reason") or "",
        "digest": (cell or {}).get("digest") or "",
        "code": status["code"],
    }
    return Run(
        name=_name(record),
        params=params,
        tags={tag: text for tag, text in tags.items() if text},
        points=[*_finals(splits), *_curves(history), *_test_curve((cell or {}).get("curve") or [])],
        artefacts=artefacts,
        finished=status["state"] == "ok",
        start=end - max((_milliseconds(row) for row in history), default=0),
        end=end,
    )


def _study_run(folder: Path, files: Iterable[str]) -> list[Run]:
    summary_path = folder / "summary.json"
    if not summary_path.exists():
        return []
    end = round(summary_path.stat().st_mtime * 1000)
    headline = read_json(summary_path).get("headline")
    return [
        Run(
            name=STUDY_RUN,
            params={"experiment": folder.name},
            tags={"kind": "study", **({"mlflow.note.content": headline} if headline else {})},
            points=[],
            artefacts={
                path.relative_to(folder).as_posix(): path.read_bytes() for path in map(Path, files) if path.exists()
            },
            finished=True,
            start=end,
            end=end,
        )
    ]


def _finals(splits: Mapping[str, Any]) -> Iterator[Point]:
    """``test_accuracy`` and the like, of the classifier that was kept; what is undefined is left out."""
    for split, measured in splits.items():
        for metric in METRICS if measured else ():
            if measured.get(metric) is not None:
                yield Point(f"{split}_{metric}", measured[metric])


def _curves(history: Sequence[Mapping[str, str]]) -> Iterator[Point]:
    """``curve/train_accuracy`` and the like. Values that are not finite are left out; the run's state tells of them."""
    for row in history:
        for column, text in row.items():
            if column not in ("step", "epoch", "seconds") and text and math.isfinite(float(text)):
                yield Point(f"curve/{column}", float(text), step=int(row["step"]), after=_milliseconds(row))


def _test_curve(curve: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
    for row in curve:
        for metric in METRICS:
            if row.get(metric) is not None:
                yield Point(f"curve/test_{metric}", row[metric], step=row["step"])


def _milliseconds(row: Mapping[str, str]) -> int:
    return round(float(row["seconds"]) * 1000)


def _test_tables(classes: Sequence[str], measured: Mapping[str, Any]) -> dict[str, bytes]:
    """The confusion matrix and the measures by class, on the test set, as CSV, which the UI shows as tables."""
    confusion = [["true / predicted", *classes]]
    confusion += [[label, *row] for label, row in zip(classes, measured["confusion"], strict=True)]
    columns = ("n", "precision", "recall", "f1", "roc_auc")
    by_class = [["class", *columns]]
    by_class += [[label, *(measured["per_class"][label].get(column) for column in columns)] for label in classes]
    return {"test_confusion.csv": _csv(confusion), "test_per_class.csv": _csv(by_class)}


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _flat(prefix: str, value: Any) -> dict[str, str]:
    """Nested mappings as ``a.b.c: text``, with names that MLflow takes."""
    if isinstance(value, Mapping):
        return {name: text for key, inner in value.items() for name, text in _flat(f"{prefix}.{key}", inner).items()}
    return {re.sub(r"[^\w./ -]", "_", prefix): str(value)}


def _explain(error: Exception, uri: str) -> str:
    text = " ".join(str(error).split())
    if uri.startswith(("http:", "https:")) and (isinstance(error, OSError) or "failed with exception" in text):
        return "not reachable"
    return f"{type(error).__name__}: {text if len(text) <= 300 else text[:300] + ' ...'}"


def _progress(runs: Sequence[Run]) -> Iterable[Run]:
    """``runs``, with a bar on a terminal."""
    from tqdm import tqdm

    return tqdm(runs, desc="mlflow", unit="run", leave=False, disable=None)
