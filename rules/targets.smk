# Every file that an experiment makes, stage by stage: what `rule all` asks for.
PARTS = range(DATA_CONFIG.parts)
IMAGE_FILES = [
    f"p{p}/{kind}/{file}"
    for p in PARTS
    for kind in (["dev", "test", "leaked"] if DATA_CONFIG.leaky else ["dev", "test"])
    for file in ("images.npy", "index.csv")
]
EXPLORED = ["counts", "random", "classes", "means", "histograms", "sizes", "near_duplicates", "first", "singles"]
EXPLORATION = [
    f"{RESULTS}/explore/{file}" for file in ["record.json", *(f"{name}.png" for name in [*EXPLORED, "all_classes"])]
]
# What will run is told before any of it runs, whichever stage is asked for.
TOLD = f"{RESULTS}/data/told.json"
DATA = [
    TOLD,
    *(
        f"{RESULTS}/data/{file}"
        for file in ["report.json", *IMAGE_FILES, *(f"r{r}.{kind}" for r in REPEATS for kind in ("csv", "json"))]
    ),
    *EXPLORATION,
    f"{RESULTS}/data_card.md",
]
GAN_RECORDS = [file for r in REPEATS for gan in GANS for file in gan_files(gan, r, "status.json")]
SAMPLES = sorted({file for r in REPEATS for arm in ARMS.values() if arm.gan for file in sample_files(arm.gan, r)})
GENERATORS = [
    TOLD,
    *(
        file
        for r in REPEATS
        for name, gan in GANS.items()
        for kind in (
            *(f"G-{snap}.safetensors" for snap in gan.snaps),
            "history.csv",
            "status.json",
            "grid.png",
            "film.gif",
        )
        for file in gan_files(name, r, kind)
    ),
    *SAMPLES,
]
CLASSIC = [file for r in REPEATS for name, arm in ARMS.items() if arm.classic for file in classic_files(name, r)]
SETS = [f"{RESULTS}/sets/{arm}/r{r}.{kind}" for arm in ARMS for r in REPEATS for kind in ("csv", "json")]
CELL_FILES = ("model.safetensors", "snapshots.safetensors", "history.csv", "status.json")
TRAINED = [TOLD, *CLASSIC, *SETS, *(path for r in REPEATS for file in CELL_FILES for path in cell_files(file, r))]
SCORE_FILES = [f"{RESULTS}/scores/r{r}.json" for r in REPEATS]
SCORES = [
    TOLD,
    *SCORE_FILES,
    *(f"{RESULTS}/scores/r{r}-{end}" for r in REPEATS for end in ("predictions.csv", "probabilities.npy")),
]
OTHER_TABLES = [
    "metrics.json",
    "metrics.md",
    "metrics.tex",
    "comparisons.csv",
    "comparisons.md",
    "comparisons.tex",
    "cells.csv",
    "per_class.csv",
]
PLOTS = ["accuracy", "curves", "confusion", *(["gan"] if GANS else [])]
# The first arm that uses a snapshot shows it: others draw the same samples, more or fewer of them.
PICTURED = {(arm.gan.name, arm.gan.snap): drawn(arm.gan) for arm in reversed(ARMS.values()) if arm.gan}
# A GAN that no arm uses is compared by as many samples as the best snapshot is picked by.
PICKED_BY = "n100"
PICTURED |= {(gan, "last"): PICKED_BY for gan in STUDY_CONFIG.gans if gan not in {name for name, _ in PICTURED}}
# The sets of samples that are measured: those in the pictures, and every snapshot of a GAN whose best one is wanted.
PICKED = sorted({gan for gan, snap in PICTURED if snap == "best"})
MEASURED = [
    *(f"{gan}/{snap}/{count}" for (gan, snap), count in sorted(PICTURED.items()) if snap != "best"),
    *(f"{gan}/{snap}/{PICKED_BY}" for gan in PICKED for snap in GANS[gan].snaps),
]
MEASURED = sorted(set(MEASURED))
GAN_TABLES = [f"{RESULTS}/tables/gans.{kind}" for kind in ("json", "csv", "md", "tex")] if MEASURED else []
QUALITY = [f"{RESULTS}/quality/{name}/r{r}.json" for r in REPEATS for name in ["real", *MEASURED]] if MEASURED else []
PICTURES = [
    *(f"{RESULTS}/plots/{name}.png" for name in PLOTS),
    *(f"{RESULTS}/plots/samples-{gan}-{snap}-{count}.png" for (gan, snap), count in sorted(PICTURED.items())),
]
STUDY = [
    f"{RESULTS}/report.html",
    f"{RESULTS}/summary.json",
    *(f"{RESULTS}/tables/{name}" for name in ["metrics.csv", *OTHER_TABLES]),
    *GAN_TABLES,
    *PICTURES,
]
