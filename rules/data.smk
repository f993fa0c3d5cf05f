# The source -> image sets with the test set sealed -> train and validation rows of every repeat.
# Every job reads the Snakefile too: it takes over what the main process found, since a folder may hold many files.
FOUND = "GANAUG_FINGERPRINT"
if workflow.is_main_process or FOUND not in os.environ:
    os.environ[FOUND] = source_fingerprint()
FINGERPRINT = os.environ[FOUND]


rule download_source:
    output:
        "results/{experiment}/data/source.json",
    log:
        "results/{experiment}/logs/download_source.log",
    benchmark:
        "results/{experiment}/benchmarks/download_source.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=120,
    params:
        data={key: asdict(DATA_CONFIG)[key] for key in DOWNLOAD_KEYS},
        fingerprint=FINGERPRINT,
        code=lambda w: code("download_source"),
    message:
        "Fetching the images"
    script:
        "../workflow/scripts/download_source.py"


rule preprocess_images:
    input:
        source="results/{experiment}/data/source.json",
    output:
        expand("results/{{experiment}}/data/{file}", file=IMAGE_FILES),
        report="results/{experiment}/data/report.json",
    log:
        "results/{experiment}/logs/preprocess_images.log",
    benchmark:
        "results/{experiment}/benchmarks/preprocess_images.tsv"
    conda:
        ENVIRONMENT
    threads: workflow.cores
    resources:
        gpu=0,
        mem_mb=4000,
        runtime=120,
    params:
        seed=EXPERIMENT.seed,
        data={key: asdict(DATA_CONFIG)[key] for key in PREPROCESS_KEYS},
        code=lambda w: code("preprocess_images"),
    message:
        "Decoding the images and sealing the test set"
    script:
        "../workflow/scripts/preprocess_images.py"


rule split_repeat:
    input:
        index=DEV["index"],
    output:
        rows="results/{experiment}/data/r{r}.csv",
        record="results/{experiment}/data/r{r}.json",
    log:
        "results/{experiment}/logs/split_repeat/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/split_repeat/r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        seed=EXPERIMENT.seed,
        repeat=lambda w: int(w.r),
        per_class=DATA_CONFIG.per_class,
        imbalance=DATA_CONFIG.imbalance,
        validation=DATA_CONFIG.validation,
        code=lambda w: code("split_repeat"),
    message:
        "Drawing train and validation images of repeat {wildcards.r}"
    script:
        "../workflow/scripts/split_repeat.py"
