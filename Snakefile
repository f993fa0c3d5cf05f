# Does GAN augmentation improve a classifier? From images to a verdict; see README.md.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/targets.smk"
include: "rules/data.smk"
include: "rules/gan.smk"
include: "rules/sets.smk"
include: "rules/classifier.smk"
include: "rules/report.smk"


rule all:
    default_target: True
    input:
        DATA,
        GENERATORS,
        TRAINED,
        SCORES,
        STUDY,


rule data_all:
    input:
        DATA,


rule gan_all:
    input:
        GENERATORS,


rule train_all:
    input:
        TRAINED,


rule score_all:
    input:
        SCORES,


onsuccess:
    sync_tracking()


onerror:
    sync_tracking()
