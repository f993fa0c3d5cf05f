"""Rule download: fetch the source of the images, check that it is whole and safe, and record what it is."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.config import Data, build
    from ganaug.data.obtain import obtain
    from ganaug.io import write_json

    # The path comes from the config and not from the params, since it changes no result.
    data = build(Data, {**snakemake.config["data"], **snakemake.params.data}, "data")
    write_json(snakemake.output[0], obtain(data))
