"""Score every cell of one repeat: the only script that opens the sealed test set."""

from itertools import product

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.classify.scoring import Cell, score_repeat
    from ganaug.config import Classifier, Compute, build
    from ganaug.images import ImageFiles

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    sets = dict(zip(settings.arms, given.sets, strict=True))
    keys = product(settings.arms, settings.classifiers, range(settings.fits))
    files = zip(keys, given.models, given.snapshots, given.records, strict=True)
    score_repeat(
        experiment=snakemake.wildcards.experiment,
        repeat=int(snakemake.wildcards.r),
        part=settings.part,
        fixed_test=settings.fixed_test,
        split=given.split,
        dev=ImageFiles(given.dev_images, given.dev_index),
        test=ImageFiles(given.test_images, given.test_index),
        source=given.source,
        others=list(zip(given.others[::2], given.others[1::2], strict=True)),
        cells=[Cell(*key, model, snapshots, record, sets[key[0]]) for key, model, snapshots, record in files],
        classifiers={name: build(Classifier, values, "classifiers") for name, values in settings.classifiers.items()},
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        code=settings.code,
        scores=made.scores,
        predictions=made.predictions,
        class_probabilities=made.probabilities,
    )
