"""Write the features that a network which others trained has of the real images of a repeat."""

from ganaug.job import job

with job(snakemake.log[0], warm=True):
    from ganaug.config import Compute, build
    from ganaug.data.extractors import find_weights
    from ganaug.networks import parse_quality
    from ganaug.quality.features import embed_real_by

    given, made, settings = snakemake.input, snakemake.output, snakemake.params
    network = parse_quality(snakemake.config["quality"]).networks[snakemake.wildcards.net]
    embed_real_by(
        network,
        record=given.record,
        weights=find_weights(network),
        split=given.split,
        dev=given.dev_images,
        compute=build(Compute, {**settings.compute, "device": snakemake.config["compute"]["device"]}, "compute"),
        train=made.train,
        validation=made.validation,
    )
