# Validation, constraints and helpers: everything the rules need that is not a rule.
import os
import subprocess
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(workflow.basedir)
SCRIPTS = ROOT / "workflow/scripts"
sys.path.insert(0, str(SCRIPTS))

from ganaug import warm
from ganaug.amounts import PATTERN, amount_label, draw_label, size_of
from ganaug.arms import GanArm, Online, Strategy
from ganaug.classifier_checks import cell_of
from ganaug.code import code_digest
from ganaug.config import COMPARED
from ganaug.data.extractors import planned_weights
from ganaug.data.fingerprint import DOWNLOAD_KEYS, PREPROCESS_KEYS, fingerprint
from ganaug.errors import UserError
from ganaug.experiment import parse as parse_config
from ganaug.experiment import portable
from ganaug.io import digests, read_json
from ganaug.job import complaint
from ganaug.schema import check as check_config
from ganaug.schema import load_presets, load_schemas
from ganaug.study.preflight import first_lines, planned
from ganaug.study.provenance import uses_gpu
from ganaug.study.tracking import DEFAULT_URI, Listing, list_study

try:
    if set("{}") & set(str(ROOT)):
        raise UserError(f"{ROOT}: Snakemake cannot run where a path holds braces; move the project elsewhere")
    check_config(config, load_schemas(ROOT / "config/schemas"))
    EXPERIMENT = parse_config(config, load_presets(ROOT / "config"))
except UserError as error:
    print(complaint(error), file=sys.stderr)
    sys.exit(1)

STUDY_CONFIG, DATA_CONFIG = EXPERIMENT.study, EXPERIMENT.data
RESULTS = f"results/{EXPERIMENT.experiment}"
REPEATS = range(STUDY_CONFIG.repeats)
# All arms that are trained and scored; the study compares some of them, and the cells of the grid have their own table.
ARMS = {name: EXPERIMENT.arms[name] for name in STUDY_CONFIG.trained}
STUDIED = {name: ARMS[name] for name in STUDY_CONFIG.arms}
CURATED = [part for arm in ARMS.values() for part in arm.generated if part.is_curated]
JUDGED = sorted({part.name for part in CURATED if part.keep == "discriminator"})
CLASSIFIERS = STUDY_CONFIG.classifiers
NETWORKS = EXPERIMENT.quality.networks
SETUP = planned(EXPERIMENT)
GANS = SETUP.gans
PREFLIGHT = f".ganaug/preflight/{EXPERIMENT.experiment}.json"
ENVIRONMENT = "../envs/environment.yaml"


wildcard_constraints:
    experiment=EXPERIMENT.experiment,
    p=r"\d+",
    r=r"\d+",
    f=r"\d+",
    j=r"\d+",
    amount=PATTERN,
    snap=r"e\d+|last|best",
    gan=r"[a-z0-9_-]+",
    arm=r"[a-z0-9_-]+",
    clf=r"[a-z0-9_-]+",


def code(script, *plugins):
    """The digest of a script and all it imports, as a parameter: an edit reruns the rule, a comment does not."""
    return code_digest(SCRIPTS / f"{script}.py", plugins)


def refuse(told):
    """End with a user's mistake in one line: what an input function raises Snakemake tells in many."""
    print(complaint(UserError(told)), file=sys.stderr)
    sys.exit(1)


def gan_network(name):
    return f"ganaug.gan.networks.{EXPERIMENT.gans[name].network}"


def classifier_network(name):
    return f"ganaug.classify.networks.{EXPERIMENT.classifiers[name].network}"


def gpu():
    """1 where a GPU will be used, so that a machine without one runs as many jobs as it has cores."""
    return int(uses_gpu(EXPERIMENT.compute.device))


def compute():
    """What of the compute section may change a result; the device is read from the config and is no parameter."""
    return {"precision": EXPERIMENT.compute.precision, "threads": EXPERIMENT.compute.threads}


def team():
    """How many processes train a GAN together where they are several: their sums round in another order."""
    processes = EXPERIMENT.compute.processes
    return {"processes": processes} if processes > 1 else {}


def code_digests():
    """The code digest of every rule, as its records hold it."""
    plain = ["make_classic", "make_set", "preprocess_images", "split_repeat", "tabulate_scores"]
    plain += ["tabulate_grid"] if STUDY_CONFIG.grid else []
    measuring = ["measure_floor", "measure_samples", "pick_snapshot", "tabulate_gans"]
    return {
        **{script: code(script) for script in (plain + measuring if GANS else plain)},
        **{
            f"{script} ({gan})": code(script, gan_network(gan))
            for script in ("train_gan", "sample_gan")
            for gan in GANS
        },
        **{f"train_classifier ({clf})": code("train_classifier", classifier_network(clf)) for clf in CLASSIFIERS},
        **{
            script: code(script, classifier_network(CLASSIFIERS[0]))
            for script in ("embed_real", "embed_samples", *(["embed_pool"] if CURATED else []))
            if GANS
        },
        **{script: code(script) for script in ("fetch_network", "embed_real_by", "embed_sets_by") if NETWORKS and GANS},
        **{f"judge_samples ({gan})": code("judge_samples", gan_network(gan)) for gan in JUDGED},
        "score_repeat": code("score_repeat", *map(classifier_network, CLASSIFIERS)),
    }


def source_fingerprint():
    """What the source holds; where it is absent, what it held when it was last read."""
    present, recorded = fingerprint(DATA_CONFIG), Path(RESULTS) / "data/source.json"
    if present or not recorded.exists():
        return present or "absent"
    if workflow.is_main_process:
        told = f"{DATA_CONFIG.path} is not there; the results of the images read earlier stand ({RESULTS})"
        print(f"ganaug: data.path: {told}", file=sys.stderr)
    return read_json(recorded)["fingerprint"]


def known_weights(name):
    """What is known of a network's weights: every job takes over what the main process found."""
    variable = f"GANAUG_WEIGHTS_{name}"
    if workflow.is_main_process or variable not in os.environ:
        os.environ[variable] = planned_weights(NETWORKS[name], Path(RESULTS) / f"features/{name}/weights.json")
    return os.environ[variable]


def feature_network(name):
    """A network as a parameter: where its file lies changes nothing."""
    return {key: value for key, value in asdict(NETWORKS[name]).items() if key != "path"}


def present(files):
    """The digests of those files that are there when a job is planned."""
    return digests(file for file in files if Path(file).exists())


def setup():
    """The sections of the config that decide what runs."""
    return {**asdict(SETUP), "data": {**asdict(DATA_CONFIG), "path": None, "mirror": None}}


def timed_settings():
    """All that decides what runs and how fast: the time that was measured holds for nothing else."""
    return {"setup": setup(), "compute": compute(), "gpu": gpu()}


def sync_tracking():
    """Make MLflow's runs those of the study; a server that is down is told of, and never an error."""
    records = [path for r in REPEATS for path in cell_files("status.json", r)]
    list_study(Path(RESULTS), Listing(records=records, files=STUDY))
    uri = EXPERIMENT.tracking.uri or DEFAULT_URI
    subprocess.run([sys.executable, SCRIPTS / "sync_tracking.py", RESULTS, "--uri", uri, "--after-run"], check=False)


include: "paths.smk"
