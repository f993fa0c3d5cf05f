"""Write the index of one arm's training set for one repeat."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.arms import Arm
    from ganaug.config import build
    from ganaug.images import ImageFiles
    from ganaug.sets.stage import Pool, RealFeatures, make_set

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    arm = build(Arm, settings.arm, "arms")
    files = zip(arm.generated, settings.amounts, settings.pools, strict=True)
    make_set(
        split=given.split,
        dev=given.dev_images,
        arm=arm,
        duplicates=settings.duplicates,
        classic=ImageFiles(*given.classic) if given.classic else None,
        pools=[
            Pool(
                part=part,
                amount=amount,
                files=ImageFiles(pool["images"], pool["index"]),
                record=pool["record"],
                features=pool.get("features"),
                probabilities=pool.get("probabilities"),
                scores=pool.get("scores"),
            )
            for part, amount, pool in files
        ],
        real_features=RealFeatures(*given.real_features) if given.real_features else None,
        repeat=int(snakemake.wildcards.r),
        root=settings.seed,
        code=settings.code,
        out=made.training_set,
        record=made.record,
    )
