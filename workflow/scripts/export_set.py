"""Write a training set as a folder of PNG files, for other tools."""

from ganaug.job import job

with job(snakemake.log[0]):
    from ganaug.sets.stage import export_set

    export_set(training_set=snakemake.input.training_set, manifest=snakemake.output[0])
