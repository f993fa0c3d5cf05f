# What is there, what will run and what speaks against it, before anything trains: `snakemake preflight`.
rule preflight:
    input:
        data_report=f"{RESULTS}/data/report.json",
        split=f"{RESULTS}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
    output:
        PREFLIGHT,
    log:
        f"{RESULTS}/logs/preflight.log",
    benchmark:
        f"{RESULTS}/benchmarks/preflight.tsv"
    conda:
        ENVIRONMENT
    # All cores: nothing else may run while steps are timed.
    threads: workflow.cores
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=30,
    params:
        setup=setup(),
        compute=compute(),
        gpu=gpu(),
        # It runs whenever it is asked for: the machine may be another one, or less busy.
        asked=lambda w: time.time(),
        code=lambda w: code("check_plan", *map(gan_network, GANS), *map(classifier_network, CLASSIFIERS)),
    message:
        "Timing a few steps of every network"
    script:
        "../workflow/scripts/check_plan.py"


onstart:
    told = first_lines(Path(RESULTS), setup(), kept=Path(PREFLIGHT), cores=workflow.cores, gpu=bool(gpu()))
    print("\n".join(told), file=sys.stderr)
