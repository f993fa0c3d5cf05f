# Real images and samples -> the training set of every arm, and pictures of samples.


rule make_classic:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
    output:
        images="results/{experiment}/classic/{arm}/r{r}/images.npy",
        index="results/{experiment}/classic/{arm}/r{r}/index.csv",
        record="results/{experiment}/classic/{arm}/r{r}/record.json",
    log:
        "results/{experiment}/logs/make_classic/{arm}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/make_classic/{arm}-r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=60,
    params:
        seed=EXPERIMENT.seed,
        classic=lambda w: asdict(EXPERIMENT.arms[w.arm].classic),
        amount=lambda w: amount(EXPERIMENT.arms[w.arm].classic, EXPERIMENT.arms[w.arm]),
        per_class=lambda w: EXPERIMENT.arms[w.arm].per_class,
        code=lambda w: code("make_classic"),
    message:
        "Making classic images for arm {wildcards.arm}, repeat {wildcards.r}"
    script:
        "../workflow/scripts/make_classic.py"


rule make_set:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        classic=lambda w: classic_files(w.arm, w.r)[:2] if EXPERIMENT.arms[w.arm].classic else [],
        pools=lambda w: [file for pool in pools_of(w.arm, w.r) for file in pool.values()],
        real_features=lambda w: real_features(EXPERIMENT.arms[w.arm], w.r),
    output:
        training_set="results/{experiment}/sets/{arm}/r{r}.csv",
        record="results/{experiment}/sets/{arm}/r{r}.json",
    log:
        "results/{experiment}/logs/make_set/{arm}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/make_set/{arm}-r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        seed=EXPERIMENT.seed,
        arm=lambda w: listed(EXPERIMENT.arms[w.arm]),
        amounts=lambda w: [amount(part, EXPERIMENT.arms[w.arm]) for part in EXPERIMENT.arms[w.arm].generated],
        pools=lambda w: pools_of(w.arm, w.r),
        duplicates=lambda w: duplicates_of(EXPERIMENT.arms[w.arm]),
        code=lambda w: code("make_set"),
    message:
        "Listing the training set of arm {wildcards.arm}, repeat {wildcards.r}"
    script:
        "../workflow/scripts/make_set.py"


rule draw_samples:
    input:
        split="results/{experiment}/data/r0.csv",
        dev_images=f"{RESULTS}/data/p0/dev/images.npy",
        sample_images="results/{experiment}/samples/{gan}/{snap}/{amount}/r0/images.npy",
        sample_index="results/{experiment}/samples/{gan}/{snap}/{amount}/r0/index.csv",
    output:
        "results/{experiment}/plots/samples-{gan}-{snap}-{amount}.png",
    log:
        "results/{experiment}/logs/draw_samples/{gan}/{snap}-{amount}.log",
    benchmark:
        "results/{experiment}/benchmarks/draw_samples/{gan}/{snap}-{amount}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        code=lambda w: code("draw_samples"),
    message:
        "Drawing real images beside samples of {wildcards.gan} ({wildcards.snap})"
    script:
        "../workflow/scripts/draw_samples.py"


# Looked at when it is asked for: a thousand samples, or a line of twenty a class.
rule draw_grid:
    input:
        images=lambda w: f"{RESULTS}/samples/{w.gan}/{w.snap}/{'n20' if w.layout else 'n100'}/r0/images.npy",
        index=lambda w: f"{RESULTS}/samples/{w.gan}/{w.snap}/{'n20' if w.layout else 'n100'}/r0/index.csv",
    output:
        "results/{experiment}/grids/{gan}-{snap}{layout}.png",
    log:
        "results/{experiment}/logs/draw_grid/{gan}-{snap}{layout}.log",
    benchmark:
        "results/{experiment}/benchmarks/draw_grid/{gan}-{snap}{layout}.tsv"
    wildcard_constraints:
        layout="(-classes)?",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        most=lambda w: None if w.layout else 1000,
        columns=lambda w: 20 if w.layout else 50,
        code=lambda w: code("draw_grid"),
    message:
        "Drawing samples of {wildcards.gan} ({wildcards.snap})"
    script:
        "../workflow/scripts/draw_grid.py"


rule export_set:
    input:
        training_set="results/{experiment}/sets/{arm}/r{r}.csv",
        dev_images=DEV["images"],
        images=lambda w: set_images(w.arm, w.r),
    output:
        "results/{experiment}/export/{arm}/r{r}/manifest.csv",
    log:
        "results/{experiment}/logs/export_set/{arm}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/export_set/{arm}-r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=60,
    params:
        code=lambda w: code("export_set"),
    message:
        "Writing the training set of arm {wildcards.arm}, repeat {wildcards.r}, as PNG files"
    script:
        "../workflow/scripts/export_set.py"
