"""How every figure looks: ink, colours, matplotlib's settings, and how a figure becomes a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ganaug.io import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INK, FAINT, GRID = "#26303a", "#8a949e", "#e4e7ea"
# Okabe and Ito's colours, which people with colour blindness tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.dpi": 144,
    # Without a salt matplotlib draws the names inside an SVG at random. Type 42 keeps text in a PDF as text.
    "svg.hashsalt": "ganaug",
    "pdf.fonttype": 42,
}
VECTORS = ("svg", "pdf")
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def save(figure: Figure, path: Path) -> None:
    """Write a figure in the format of its suffix, atomically, with nothing in it that changes from run to run."""
    kind = path.suffix.removeprefix(".")
    with atomic(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=_METADATA[kind], bbox_inches="tight", pad_inches=0.12)


def save_all(figure: Figure, path: Path) -> None:
    """Write a figure as PNG to ``path``, and beside it as SVG and PDF, which stay sharp in print.

    Everything keeps the place that it has in the PNG: to lay it out costs more than to write it.
    """
    save(figure, path)
    figure.set_layout_engine("none")
    for kind in VECTORS:
        save(figure, path.with_suffix(f".{kind}"))
