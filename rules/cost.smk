# Which jobs an arm cannot do without, by the names of their benchmark files, in which -r0 or /r0f0 follows.


def jobs_of(name):
    """Of an arm: the jobs of each stage; those of a GAN or its samples may be other arms' too."""
    arm = ARMS[name]
    samples = [file for part in arm.generated for file in sampling_of(part, arm)]
    return {
        "gan": sorted({f"train_gan/{part.name}" for part in arm.generated}),
        "samples": sorted(set(samples)),
        "classic": [f"make_classic/{name}"] if arm.classic else [],
        "set": [f"make_set/{name}"],
        "training": [f"train_classifier/{name}/{clf}" for clf in CLASSIFIERS],
    }


def sampling_of(part, arm):
    gan, snap, how = drawn(part, arm)
    yield f"sample_gan/{gan}/{snap}-{how}"
    if part.is_curated:
        yield f"embed_pool/{gan}/{snap}-{how}"
    if part.keep == "discriminator":
        yield f"judge_samples/{gan}/{snap}-{how}"
    if snap == "best":
        yield from (f"sample_gan/{gan}/{one}-{PICKED_BY}" for one in GANS[gan].snaps)
        yield from (f"{rule}/{gan}" for rule in ("embed_samples", "measure_samples", "pick_snapshot"))


JOBS = {name: jobs_of(name) for name in STUDIED}
