# Where every file is that one rule makes and another reads.


def part_of(r):
    return int(r) % DATA_CONFIG.parts


def image_set(kind):
    """The files of a repeat's development pool (dev), sealed images (test) or images that leak on purpose (leaked)."""
    return {
        name: lambda w, file=f"{name}.{suffix}": f"{RESULTS}/data/p{part_of(w.r)}/{kind}/{file}"
        for name, suffix in (("images", "npy"), ("index", "csv"))
    }


def amount(part, arm, times=1):
    """How many images a part of an arm adds."""
    return amount_label(part, arm.per_class or DATA_CONFIG.equal_per_class, times=times)


def duplicates_of(arm):
    """How many duplicates an arm holds: its own amount, or each of those that the arm it matches adds."""
    part = arm.duplicate
    if part is None:
        return []
    if part.match is None:
        return [amount(part, arm)]
    matched = EXPERIMENT.arms[part.match]
    return [amount(added, matched) for added in (matched.classic, *matched.generated) if added]


def classic_files(name, r):
    folder = f"{RESULTS}/classic/{name}/r{r}"
    return [f"{folder}/{file}" for file in ("images.npy", "index.csv", "record.json")]


def drawn(part, arm):
    """The samples that an arm draws, or draws from, as (GAN, snapshot, how many and how they are drawn)."""
    how = amount(part, arm, times=part.pool * part.turns) + draw_label(part.truncation, part.mix)
    return part.name, part.snap, how


def pictured(arms):
    """The sets of samples that show all that arms draw: of each way to draw, the one of most samples.

    Fewer samples of an equal draw are the first of the more. What only the data tell is taken for more than a count,
    and what has no sample of the largest class for less.
    """
    found = {}
    for part, arm in [(part, arm) for arm in arms for part in arm.generated]:
        own = drawn(part, arm)
        key = (*own[:2], part.truncation, part.mix or 1)
        found[key] = max(found.get(key, own), own, key=lambda one: size_of(one[2]))
    return list(found.values())


def sample_files(part, arm, r):
    folder = "/".join(drawn(part, arm))
    return [f"{RESULTS}/samples/{folder}/r{r}/{file}" for file in ("images.npy", "index.csv", "record.json")]


def pool_files(part, arm, r):
    """The samples that an arm takes from, and the arrays that it is chosen by, by what they are."""
    files = dict(zip(("images", "index", "record"), sample_files(part, arm, r)))
    folder = f"{RESULTS}/pools/{'/'.join(drawn(part, arm))}/r{r}"
    judged = ["scores"] if part.keep == "discriminator" else []
    arrays = ["features", "probabilities", *judged] if part.is_curated else []
    return files | {name: f"{folder}/{name}.npy" for name in arrays}


def pools_of(name, r):
    """`pool_files` of all that an arm takes from GANs."""
    arm = EXPERIMENT.arms[name]
    return [pool_files(part, arm, r) for part in arm.generated]


def listed(arm):
    """What of an arm decides which images are in its set: how they are seen is not listed."""
    return asdict(replace(arm, online=Online(), strategy=Strategy()))


def real_features(arm, r):
    """The features of real images that curation compares with, where an arm curates."""
    if not any(part.is_curated for part in arm.generated):
        return []
    return [f"{RESULTS}/features/real/r{r}-{role}.npy" for role in ("train", "validation")]


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
    return classic + [sample_files(part, arm, r)[0] for part in arm.generated]


def seen(arm):
    """What of an arm decides how a classifier sees its set."""
    return {"per_class": arm.per_class, "online": asdict(arm.online), "strategy": asdict(arm.strategy)}


def asked_files(file):
    """One file of each set of samples that people are asked about."""
    if not ASKED:
        refuse("human_eval: no GAN is in this study; name an arm with one under study.arms, or one under study.gans")
    return [f"{RESULTS}/samples/{'/'.join(names)}/r0/{file}" for names in ASKED]


def begin_files(classifier, r, f):
    """The weights that a classifier begins from, and of a cell its record too."""
    weights = EXPERIMENT.classifiers[classifier].weights
    if weights is None:
        return []
    if weights == "imagenet":
        return [f".ganaug/weights/{EXPERIMENT.classifiers[classifier].network}.safetensors"]
    if (cell := cell_of(weights)) is None:
        files = [weights]
    else:
        experiment, arm, other = [EXPERIMENT.experiment, *cell][-3:]
        folder = f"results/{experiment}/cells/{arm}/{other}/r{r}f{f}"
        files = [f"{folder}/model.safetensors", f"{folder}/status.json"]
    if (cell is None or len(cell) == 3) and (missing := [file for file in files if not Path(file).exists()]):
        refuse(f"classifiers.{classifier}.weights: {missing[0]} is not there; make it first, or correct weights")
    return files


def other_data(r):
    """Of each experiment that classifiers begin with cells of the images it may have learnt from, and its source."""
    cells = [cell_of(EXPERIMENT.classifiers[name].weights or "imagenet") for name in CLASSIFIERS]
    files = []
    for other in sorted({cell[0] for cell in cells if cell and len(cell) == 3}):
        folder = f"results/{other}/data"
        # One that has fewer parts, or one alone, has others than this study seals in its turn.
        part = part_of(r) if Path(f"{folder}/p{part_of(r)}").exists() else 0
        files += [f"{folder}/p{part}/dev/index.csv", f"{folder}/source.json"]
    if missing := [file for file in files if not Path(file).exists()]:
        refuse(f"classifiers: {missing[0]} is not there, which tells whether weights know test images; make it first")
    return files


def cell_files(file, r, arms=ARMS):
    """One file of every cell of a repeat, in the order of the study."""
    return [
        f"{RESULTS}/cells/{arm}/{clf}/r{r}f{f}/{file}"
        for arm in arms
        for clf in CLASSIFIERS
        for f in range(STUDY_CONFIG.fits)
    ]


def check_compared():
    """No input: Snakemake would make anew, with this config, what another config made."""
    if len(BESIDE) < 2:
        refuse("compare: name two experiments or more: snakemake compare --config 'experiments=[digits,eth80]'")
    if missing := [name for name, file in BESIDE.items() if not Path(file).exists()]:
        refuse(f"compare: {missing[0]} has no results, {BESIDE[missing[0]]} is not there; run that experiment first")
    return []


BESIDE = {name: f"results/{name}/summary.json" for name in EXPERIMENT.experiments}
DEV, TEST, LEAKED = image_set("dev"), image_set("test"), image_set("leaked")
