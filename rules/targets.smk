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
SAMPLES = sorted(
    {file for r in REPEATS for arm in ARMS.values() for part in arm.generated for file in sample_files(part, arm, r)}
)
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
    *(f"{name}.{kind}" for name in ("cells", "per_class", "per_class_gains") for kind in ("csv", "md", "tex")),
]
COST_TABLES = ["cost.csv", "cost.md", "cost.tex"]
ARM_GANS = [part for arm in STUDIED.values() for part in arm.generated]
# The GANs of the grid alone are in none of these.
SHOWN = [gan for gan in GANS if gan in {*STUDY_CONFIG.gans, *(part.name for part in ARM_GANS)}]
PLOTS = ["accuracy", "forest", "per_class", "curves", "confusion", *(["gan"] if SHOWN else [])]
# Beside every plot; pictures of samples are pixels and stay PNG.
VECTORS = ("svg", "pdf")
# A GAN that no arm uses is compared by as many samples as the best snapshot is picked by.
PICKED_BY = amount_label(GanArm(name="", count=COMPARED), None)
PICTURED = [
    *pictured(STUDIED.values()),
    *((gan, "last", PICKED_BY) for gan in STUDY_CONFIG.gans if gan not in {spec.name for spec in ARM_GANS}),
]
# The sets of samples that are measured: those in the pictures, and every snapshot of a GAN whose best one is wanted,
# drawn as it is to be picked and as its arms draw.
PICKED = sorted({gan for gan, snap, _ in PICTURED if snap == "best"})
MEASURED = sorted(
    {f"{gan}/{snap}/{drawn}" for gan, snap, drawn in PICTURED if snap != "best"}
    | {f"{gan}/{snap}/{PICKED_BY}" for gan in PICKED for snap in GANS[gan].snaps}
    | {
        f"{spec.name}/{snap}/{PICKED_BY}{draw_label(spec.truncation, spec.mix)}"
        for spec in ARM_GANS
        if spec.snap == "best"
        for snap in GANS[spec.name].snaps
    }
)
# Of these the samples nearest to training images are shown; where a best snapshot is pictured, the last one stands in.
NEAREST = sorted(
    {f"{gan}-last-{PICKED_BY}" if snap == "best" else f"{gan}-{snap}-{drawn}" for gan, snap, drawn in PICTURED}
)
MEASURED_OF = {gan: own for gan in GANS if (own := [name for name in MEASURED if name.startswith(f"{gan}/")])}
# The first classifier, as it is trained on the real images alone, makes the features of all images.
FEATURE_MODEL = f"results/{{experiment}}/cells/real/{CLASSIFIERS[0]}/r{{r}}f0/model.safetensors"
FEATURE_NETWORK = f"{CLASSIFIERS[0]}, trained on the real images of the repeat"
GAN_TABLES = [
    f"{RESULTS}/tables/{file}"
    for file in ("gans.json", *(f"{name}.{kind}" for name in ("gans", "gan_classes") for kind in ("csv", "md", "tex")))
    if MEASURED
]
# Measured by the classifier's features, and by those of each network that others trained.
QUALITY = [
    f"{RESULTS}/quality/{name}/r{r}{by}.json"
    for r in REPEATS
    for name in ["real", *MEASURED]
    for by in ("", *(f"-{network}" for network in NETWORKS))
    if MEASURED
]
NETWORK_TABLES = [
    f"{RESULTS}/tables/gans-{network}.{kind}"
    for kind in ("json", "csv", "md", "tex")
    for network in NETWORKS
    if MEASURED
]
GRID_TABLES = [f"{RESULTS}/tables/grid.{kind}" for kind in ("json", "csv", "md", "tex")]
GRID = [*GRID_TABLES, *(f"{RESULTS}/plots/grid.{kind}" for kind in ("png", *VECTORS))] if STUDY_CONFIG.grid else []
PICTURES = [
    *(f"{RESULTS}/plots/{name}.png" for name in PLOTS),
    *(f"{RESULTS}/plots/samples-{gan}-{snap}-{count}.png" for gan, snap, count in sorted(PICTURED)),
    *(f"{RESULTS}/plots/memorised-{name}.png" for name in NEAREST),
]
STUDY = [
    f"{RESULTS}/report.html",
    f"{RESULTS}/summary.json",
    *(f"{RESULTS}/tables/{name}" for name in ["metrics.csv", *OTHER_TABLES, *COST_TABLES]),
    *GAN_TABLES,
    *NETWORK_TABLES,
    *GRID,
    *PICTURES,
    *(f"{RESULTS}/plots/{name}.{kind}" for name in PLOTS for kind in VECTORS),
]
