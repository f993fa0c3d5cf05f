# Samples and real images -> features -> how near they are, and the best snapshot.


rule embed_images:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        model=f"results/{{experiment}}/cells/real/{CLASSIFIERS[0]}/r{{r}}f0/model.safetensors",
        samples=[f"results/{{experiment}}/samples/{name}/r{{r}}/images.npy" for name in MEASURED],
    output:
        train="results/{experiment}/features/real/r{r}-train.npy",
        validation="results/{experiment}/features/real/r{r}-validation.npy",
        samples=[f"results/{{experiment}}/features/{name}/r{{r}}.npy" for name in MEASURED],
    log:
        "results/{experiment}/logs/embed_images/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/embed_images/r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=60,
    params:
        names=MEASURED,
        classifier=asdict(EXPERIMENT.classifiers[CLASSIFIERS[0]]),
        compute=compute(),
        code=lambda w: code("embed_images", classifier_network(CLASSIFIERS[0])),
    message:
        "Features of real images and samples, repeat {wildcards.r}"
    script:
        "../workflow/scripts/embed_images.py"


rule measure_samples:
    input:
        train="results/{experiment}/features/real/r{r}-train.npy",
        validation="results/{experiment}/features/real/r{r}-validation.npy",
        samples=[f"results/{{experiment}}/features/{name}/r{{r}}.npy" for name in MEASURED],
    output:
        floor="results/{experiment}/quality/real/r{r}.json",
        samples=[f"results/{{experiment}}/quality/{name}/r{{r}}.json" for name in MEASURED],
    log:
        "results/{experiment}/logs/measure_samples/r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/measure_samples/r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=2000,
        runtime=60,
    params:
        names=MEASURED,
        network=f"{CLASSIFIERS[0]}, trained on the real images of the repeat",
        code=lambda w: code("measure_samples"),
    message:
        "KID and FID of samples, repeat {wildcards.r}"
    script:
        "../workflow/scripts/measure_samples.py"


rule tabulate_gans:
    input:
        quality=[f"results/{{experiment}}/quality/{name}/r{r}.json" for name in MEASURED for r in REPEATS],
        floors=[f"results/{{experiment}}/quality/real/r{r}.json" for r in REPEATS],
        histories=[file for gan in GANS for r in REPEATS for file in gan_files(gan, r, "history.csv")],
    output:
        facts="results/{experiment}/tables/gans.json",
        others=[f"results/{{experiment}}/tables/gans.{kind}" for kind in ("csv", "md", "tex")],
    log:
        "results/{experiment}/logs/tabulate_gans.log",
    benchmark:
        "results/{experiment}/benchmarks/tabulate_gans.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=30,
    params:
        sets=[name.split("/") for name in MEASURED],
        repeats=len(REPEATS),
        histories={gan: [gan_files(gan, r, "history.csv") for r in REPEATS] for gan in GANS},
        gans={name: asdict(gan) for name, gan in GANS.items()},
        code=lambda w: code("tabulate_gans"),
    message:
        "Comparing the GANs"
    script:
        "../workflow/scripts/tabulate_gans.py"


# One rule a GAN, since the number of its files differs.
for name in PICKED:

    rule:
        name:
            f"pick_snapshot_{name}"
        input:
            generators=lambda w, name=name: [
                file for snap in GANS[name].snaps for file in gan_files(name, w.r, f"G-{snap}.safetensors")
            ],
            measured=[
                f"results/{{experiment}}/quality/{name}/{snap}/{PICKED_BY}/r{{r}}.json" for snap in GANS[name].snaps
            ],
        output:
            generators=expand(
                "results/{{experiment}}/gan/{gan}/r{{r}}/j{j}/G-best.safetensors", gan=name, j=range(GANS[name].jobs)
            ),
            choice=f"results/{{experiment}}/gan/{name}/r{{r}}/best.json",
        log:
            f"results/{{experiment}}/logs/pick_snapshot/{name}-r{{r}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/pick_snapshot/{name}-r{{r}}.tsv"
        conda:
            ENVIRONMENT
        threads: 1
        resources:
            gpu=0,
            mem_mb=1000,
            runtime=10,
        params:
            snaps=GANS[name].snaps,
            code=lambda w: code("pick_snapshot"),
        message:
            f"Picking the best snapshot of {name}, repeat {{wildcards.r}}"
        script:
            "../workflow/scripts/pick_snapshot.py"
