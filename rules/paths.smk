# Where every file is that one rule makes and another reads.


def part_of(r):
    return int(r) % DATA_CONFIG.parts


def image_set(kind):
    """The files of a repeat's development pool (dev), sealed images (test) or images that leak on purpose (leaked)."""
    return {
        name: lambda w, file=f"{name}.{suffix}": f"{RESULTS}/data/p{part_of(w.r)}/{kind}/{file}"
        for name, suffix in (("images", "npy"), ("index", "csv"))
    }


def amount(spec):
    return amount_label(spec.ratio, spec.count, DATA_CONFIG.equal_per_class)


def duplicates_of(arm):
    """How many duplicates an arm holds: its own amount, or each of those that the arm it matches adds."""
    spec = arm.duplicate
    if spec is None:
        return []
    if spec.match is None:
        return [amount(spec)]
    matched = EXPERIMENT.arms[spec.match]
    return [amount(added) for added in (matched.classic, matched.gan) if added]


def classic_files(name, r):
    folder = f"{RESULTS}/classic/{name}/r{r}"
    return [f"{folder}/{file}" for file in ("images.npy", "index.csv", "record.json")]


def drawn(spec):
    """How many samples, and how they are drawn."""
    return amount(spec) + draw_label(spec.truncation, spec.mix)


def most_of_each_draw(specs):
    """As (GAN, snapshot, amount) the sets of samples that show all: of each way to draw, the one of most samples.

    Fewer samples of an equal draw are the first of the more. Where a count stands beside a ratio of what only the data
    tell, the ratio is taken.
    """
    found = {}
    for spec in sorted(specs, key=lambda spec: (amount(spec)[0] == "x", float(amount(spec)[1:]))):
        found[spec.name, spec.snap, spec.truncation, spec.mix or 1] = (spec.name, spec.snap, drawn(spec))
    return list(found.values())


def sample_files(spec, r):
    folder = f"{RESULTS}/samples/{spec.name}/{spec.snap}/{drawn(spec)}/r{r}"
    return [f"{folder}/{file}" for file in ("images.npy", "index.csv", "record.json")]


def gan_files(gan, r, file):
    return [f"{RESULTS}/gan/{gan}/r{r}/j{j}/{file}" for j in range(EXPERIMENT.gans[gan].jobs)]


def generator_files(gan, snap, r):
    """The generators of a snapshot; a file that is asked for by its name may name one that this study never makes."""
    if gan not in GANS:
        known = f"it has {', '.join(GANS)}" if GANS else "it has none"
        refuse(f"study.gans: no GAN {gan!r} is in this study, {known}; add it, or correct the name of the file")
    if snap == "best" and gan not in PICKED:
        refuse(f"arms: none in this study has the best snapshot of {gan}; add one with gan.snapshot: best")
    if snap not in [*GANS[gan].snaps, "best"]:
        kept = ", ".join(GANS[gan].snaps)
        refuse(f"gans.{gan}.snapshots: there is no {snap}, only {kept}; add its epoch, or correct the name of the file")
    return gan_files(gan, r, f"G-{snap}.safetensors")


def choice_files(gan, snap, r):
    """What says which snapshot is the best, where it is asked for, or why none is."""
    return [f"{RESULTS}/gan/{gan}/r{r}/best.json"] if snap == "best" else []


def set_images(name, r):
    """The synthetic images that a training set points into: they must be there when it is read."""
    arm = EXPERIMENT.arms[name]
    classic = classic_files(name, r)[:1] if arm.classic else []
    return classic + (sample_files(arm.gan, r)[:1] if arm.gan else [])


def cell_files(file, r):
    """One file of every cell of a repeat, in the order of the study."""
    return [
        f"{RESULTS}/cells/{arm}/{clf}/r{r}f{f}/{file}"
        for arm in ARMS
        for clf in CLASSIFIERS
        for f in range(STUDY_CONFIG.fits)
    ]


DEV, TEST, LEAKED = image_set("dev"), image_set("test"), image_set("leaked")
