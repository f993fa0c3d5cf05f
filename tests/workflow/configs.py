"""The configs of the repository, merged as Snakemake merges them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import yaml
from snakemake.utils import update_config

from ganaug.experiment import Experiment, parse
from ganaug.schema import check, load_presets, load_schemas
from tests.workflow.project import ROOT

DEFAULT: dict[str, Any] = yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))
SCHEMA = load_schemas(ROOT / "config/schemas")
PRESETS = load_presets(ROOT / "config")


def parsed(changes: Mapping[str, Any]) -> Experiment:
    """What the Snakefile makes of the default experiment with ``changes``; raises UserError as it does."""
    config = copy.deepcopy(DEFAULT)
    update_config(config, copy.deepcopy(dict(changes)))
    check(config, SCHEMA)
    return parse(config, PRESETS)
