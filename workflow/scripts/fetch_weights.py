"""Fetch the weights that a network learnt on ImageNet, once for all experiments, as safetensors."""

from pathlib import Path

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.classify.weights import convert, published
    from ganaug.data.obtain import obtain_weights
    from ganaug.data.sources import Remote

    weights = published()[snakemake.wildcards.network]
    remote = Remote(name=weights.file, urls=(weights.url,), algorithm="sha256", checksum=weights.checksum)
    convert(obtain_weights(remote), Path(snakemake.output[0]))
