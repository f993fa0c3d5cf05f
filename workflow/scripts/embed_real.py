"""Write the features that a classifier trained on real images has of them."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.classify.features import embed_real
    from ganaug.config import Classifier, Compute, build

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    embed_real(
        split=given.split,
        dev=given.dev_images,
        model=given.model,
        classifier=build(Classifier, settings.classifier, "classifiers"),
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        train=made.train,
        validation=made.validation,
    )
