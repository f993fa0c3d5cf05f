"""The keys that say where the images are, as the Snakefile checks them."""

from __future__ import annotations

from typing import Any

import pytest

from ganaug.errors import UserError
from tests.workflow.configs import parsed

OFFICIAL = {"test": {"method": "official", "fraction": None}}
SHA256 = "0" * 64
URL = "https://example.org/x.tar"


@pytest.mark.parametrize(
    "data",
    [
        {"source": "archive", "path": URL, "sha256": SHA256, "mirror": "/mirror"},
        {"source": "archive", "path": "http://127.0.0.1:8000/x.tar", "sha256": SHA256},
        {"source": "archive", "path": "x.tar", "labels": "labels.csv"},
        {"source": "cifar10", "mirror": "/mirror", **OFFICIAL},
        {"source": "fashion-mnist", "path": "/kept", **OFFICIAL},
        {"source": "celeba", "attribute": "Smiling", **OFFICIAL},
    ],
)
def test_what_belongs_together_is_taken(data):
    taken = parsed({"data": data}).data
    assert (taken.source, taken.path) == (data["source"], data.get("path"))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ({"source": "archive"}, "data.path: not set; say where the archive is"),
        ({"path": "images"}, "data.path: the digits come with scikit-learn"),
        ({"source": "folder", "path": URL}, f"data.path: {URL} is an address, which only an archive may have"),
        ({"source": "mnist", "path": URL, **OFFICIAL}, f"data.path: {URL} is an address, which only an archive may"),
        ({"source": "archive", "path": URL}, "data.sha256: not set; what comes from an address is used only if"),
        ({"source": "archive", "path": "http://example.org/x.tar", "sha256": SHA256}, "is not encrypted"),
        ({"source": "folder", "path": "images", "mirror": "m"}, "data.mirror: nothing is downloaded for data.source"),
        ({"mirror": "m"}, "data.mirror: nothing is downloaded for data.source digits; set it to null"),
        ({"source": "cifar10", "sha256": SHA256, **OFFICIAL}, "data.sha256: only an archive has one"),
        ({"source": "mnist", "attribute": "Smiling", **OFFICIAL}, "data.attribute: only celeba has attributes"),
        ({"source": "celeba", **OFFICIAL}, "data.attribute: not set; say which attribute of celeba is the label"),
        ({"source": "mnist", "labels": "labels.csv", **OFFICIAL}, "data.labels: mnist has labels of its own"),
        ({"labels": "labels.csv"}, "data.labels: digits has labels of its own; set it to null"),
    ],
)
def test_what_does_not_is_told_in_one_line(data: dict[str, Any], told: str):
    with pytest.raises(UserError) as caught:
        parsed({"data": data})
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
