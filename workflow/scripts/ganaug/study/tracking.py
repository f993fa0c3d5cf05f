"""Every cell as an MLflow run: read from the results, sent by one syncer at a time.

Jobs never import MLflow; the syncer reads what they wrote. A ledger of the digests that were sent spares the import
of MLflow, which takes seconds, when there is nothing new. It is a shortcut only: the tags of the runs are the truth.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from ganaug.errors import UserError
from ganaug.io import exclusive, read_csv, read_json, write_json
from ganaug.study.mlflow_store import Point, Run, Store, database_of

DEFAULT_URI = "sqlite:///mlflow.db"
HOME = Path(".ganaug/tracking")
MEASURES = ("loss", "accuracy", "precision", "recall", "f1", "roc_auc")


@dataclass(frozen=True)
class Outcome:
    """How a sync ended: runs sent, runs that still wait, and why they do (None: none waits)."""

    uri: str
    sent: int
    waiting: int
    reason: str | None

    def __str__(self) -> str:
        place = re.sub("//[^/]*@", "//", self.uri)  # never print a password
        if self.reason is not None:
            return f"tracking: {place}: {self.reason}; {self.waiting} runs wait for the next run or `make track`"
        return f"tracking: {self.sent} runs sent to {place}" if self.sent else f"tracking: {place} is up to date"


@dataclass
class Ledger:
    """What is known to be in a store: the digest last synced, by name of the run.

    ``store`` is the identity of the store (see `_identity`): a database that was deleted is not the same store
    when there is a file of that name again.
    """

    uri: str
    store: str | None = None
    synced: dict[str, str] = field(default_factory=dict)


def sync(folder: Path, *, uri: str | None, recheck: bool) -> Outcome:
    """Send every run of the experiment in ``folder`` that the store at ``uri`` does not have as it is now.

    One sync runs at a time; another waits for it. No failure of the store is raised: it is the outcome's reason.

    Args:
        folder: ``results/{experiment}``.
        uri: of the MLflow store; None is the one last used for this experiment, at first a local SQLite file.
        recheck: ask the store what it has; otherwise believe the ledger.

    Raises:
        UserError: there is no such folder.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; give results/ and the name of an experiment that has run")
    with exclusive(HOME / "lock"):
        book = HOME / f"{folder.name}.json"
        last = Ledger(**read_json(book)) if book.exists() else Ledger(DEFAULT_URI)
        uri = uri or last.uri
        known = last.synced if (last.uri, last.store) == (uri, _identity(uri)) else {}
        runs = read_runs(folder)
        pending = [run for run in runs if recheck or known.get(run.name) != run.digest]
        # Before the store is asked, a recheck knows nothing.
        sent, done, reason = 0, {} if recheck else dict(known), None
        try:
            for run, new in _send_all(folder.name, uri, pending):
                sent += new
                done[run.name] = run.digest
        except Exception as error:  # a store, a network, a disk: the results are safe without it
            reason = _explain(error, uri)
        if pending or uri != last.uri:
            write_json(book, asdict(Ledger(uri=uri, store=_identity(uri), synced={**known, **done})))
        waiting = sum(done.get(run.name) != run.digest for run in runs)
        return Outcome(uri=uri, sent=sent, waiting=waiting, reason=reason)


def read_runs(folder: Path) -> list[Run]:
    """The cells of the experiment in ``folder`` that have ended, scored or not, and its study if there is one."""
    scores = {
        (score["repeat"], cell["arm"], cell["classifier"], cell["fit"]): (score, cell)
        for score in map(read_json, sorted(folder.glob("scores/r*.json")))
        for cell in score["cells"]
    }
    runs = []
    for path in sorted(folder.glob("cells/*/*/r*f*/status.json")):
        status = read_json(path)
        score, cell = scores.get((status["repeat"], status["arm"], status["classifier"], status["fit"]), (None, None))
        # Where a run stopped between training and scoring, the scores are those of an earlier model.
        if cell is not None and cell.get("model") != status["outputs"]["model.safetensors"]:
            score, cell = None, None
        runs.append(_cell_run(folder.name, path.parent, status, score, cell))
    return [*runs, *_study_run(folder)]


def _cell_run(
    experiment: str,
    folder: Path,
    status: Mapping[str, Any],
    score: Mapping[str, Any] | None,
    cell: Mapping[str, Any] | None,
) -> Run:
    name = f"{status['arm']}/{status['classifier']}/r{status['repeat']}f{status['fit']}"
    identity = {key: str(status[key]) for key in ("arm", "classifier", "repeat", "fit")}
    history_path = folder / "history.csv"
    history = read_csv(history_path) if history_path.exists() else []
    splits: Mapping[str, Any] = (cell or {}).get("splits") or {}
    artefacts = {path.name: path.read_bytes() for path in (folder / "status.json", history_path) if path.exists()}
    if score is not None and splits.get("test"):
        artefacts |= _test_tables(score["classes"], splits["test"])
    end = round((folder / "status.json").stat().st_mtime * 1000)
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
        name=name,
        params=params,
        tags={tag: text for tag, text in tags.items() if text},
        points=[*_finals(splits), *_curves(history), *_test_curve((cell or {}).get("curve") or [])],
        artefacts=artefacts,
        finished=status["state"] == "ok",
        start=end - max((_milliseconds(row) for row in history), default=0),
        end=end,
    )


def _study_run(folder: Path) -> list[Run]:
    summary_path = folder / "summary.json"
    if not summary_path.exists():
        return []
    files = chain.from_iterable(
        sorted(folder.glob(pattern)) for pattern in ("report.html", "summary.json", "tables/*", "plots/*.png")
    )
    end = round(summary_path.stat().st_mtime * 1000)
    headline = read_json(summary_path).get("headline")
    return [
        Run(
            name="study",
            params={"experiment": folder.name},
            tags={"kind": "study", **({"mlflow.note.content": headline} if headline else {})},
            points=[],
            artefacts={path.relative_to(folder).as_posix(): path.read_bytes() for path in files},
            finished=True,
            start=end,
            end=end,
        )
    ]


def _finals(splits: Mapping[str, Any]) -> Iterator[Point]:
    """``test_accuracy`` and the like, of the classifier that was kept; what is undefined is left out."""
    for split, measured in splits.items():
        for measure in MEASURES if measured else ():
            if measured.get(measure) is not None:
                yield Point(f"{split}_{measure}", measured[measure])


def _curves(history: Sequence[Mapping[str, str]]) -> Iterator[Point]:
    """``curve/train_accuracy`` and the like. Values that are not finite are left out; the run's state tells of them."""
    for row in history:
        for column, text in row.items():
            if column not in ("step", "epoch", "seconds") and text and math.isfinite(float(text)):
                yield Point(f"curve/{column}", float(text), step=int(row["step"]), after=_milliseconds(row))


def _test_curve(curve: Sequence[Mapping[str, Any]]) -> Iterator[Point]:
    for row in curve:
        for measure in MEASURES:
            if row.get(measure) is not None:
                yield Point(f"curve/test_{measure}", row[measure], step=row["step"])


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


def _identity(uri: str) -> str | None:
    """What tells a store from another one at the same address: the inode of a database; None where there is none."""
    database = database_of(uri)
    if database is None:
        return uri
    return f"{database}:{database.stat().st_ino}" if database.exists() else None


def _explain(error: Exception, uri: str) -> str:
    text = " ".join(str(error).split())
    if uri.startswith(("http:", "https:")) and (isinstance(error, OSError) or "failed with exception" in text):
        return "not reachable"
    return f"{type(error).__name__}: {text if len(text) <= 300 else text[:300] + ' ...'}"


def _send_all(experiment: str, uri: str, pending: Sequence[Run]) -> Iterator[tuple[Run, bool]]:
    """Bring ``pending`` into the store; yields each run when it is there, and whether it was not before."""
    if not pending:
        return
    from tqdm import tqdm

    store = Store(uri, experiment)
    for run in tqdm(pending, desc="mlflow", unit="run", leave=False, disable=None):
        yield run, store.put(run)
