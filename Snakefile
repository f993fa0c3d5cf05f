# Does GAN augmentation improve a classifier? From images to a verdict; see README.md.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/targets.smk"
include: "rules/data.smk"
include: "rules/explore.smk"
include: "rules/gan.smk"
include: "rules/sets.smk"
include: "rules/classifier.smk"
include: "rules/quality.smk"
include: "rules/report.smk"
include: "rules/preflight.smk"


rule all:
    default_target: True
    input:
        DATA,
        GENERATORS,
        TRAINED,
        SCORES,
        QUALITY,
        STUDY,
    message:
        "Everything is there"


rule data_all:
    input:
        DATA,
    message:
        "The data are there"


rule gan_all:
    input:
        GENERATORS,
    message:
        "The GANs and their samples are there"


rule train_all:
    input:
        TRAINED,
    message:
        "The classifiers are trained"


rule score_all:
    input:
        SCORES,
    message:
        "The scores are there"
