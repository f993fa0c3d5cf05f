# Images -> generators -> samples.
# One rule a GAN, since the snapshots that it leaves are its outputs.
for name, gan in GANS.items():

    rule:
        name:
            f"train_gan_{name}"
        input:
            split="results/{experiment}/data/r{r}.csv",
            dev_images=DEV["images"],
            dev_index=DEV["index"],
            leaked_images=LEAKED["images"] if DATA_CONFIG.leaky else [],
            leaked_index=LEAKED["index"] if DATA_CONFIG.leaky else [],
        output:
            generators=expand(
                "results/{{experiment}}/gan/{gan}/r{{r}}/j{{j}}/G-{snap}.safetensors",
                gan=name,
                snap=gan.snaps,
            ),
            discriminators=f"results/{{experiment}}/gan/{name}/r{{r}}/j{{j}}/D-last.safetensors",
            history=f"results/{{experiment}}/gan/{name}/r{{r}}/j{{j}}/history.csv",
            grid=f"results/{{experiment}}/gan/{name}/r{{r}}/j{{j}}/grid.png",
            film=f"results/{{experiment}}/gan/{name}/r{{r}}/j{{j}}/film.gif",
            record=f"results/{{experiment}}/gan/{name}/r{{r}}/j{{j}}/status.json",
        log:
            f"results/{{experiment}}/logs/train_gan/{name}-r{{r}}-j{{j}}.log",
        benchmark:
            f"results/{{experiment}}/benchmarks/train_gan/{name}-r{{r}}-j{{j}}.tsv"
        conda:
            ENVIRONMENT
        threads: EXPERIMENT.compute.threads * EXPERIMENT.compute.processes
        resources:
            gpu=gpu() * EXPERIMENT.compute.processes,
            mem_mb=4000 * EXPERIMENT.compute.processes,
            runtime=720,
        params:
            seed=EXPERIMENT.seed,
            gan=asdict(gan),
            leaky=DATA_CONFIG.leaky,
            compute={**compute(), **team()},
            code=lambda w, name=name: code("train_gan", gan_network(name)),
        message:
            f"Training GAN {name}, repeat {{wildcards.r}}, job {{wildcards.j}}"
        script:
            "../workflow/scripts/train_gan.py"


rule sample_gan:
    input:
        split="results/{experiment}/data/r{r}.csv",
        dev_images=DEV["images"],
        generators=lambda w: generator_files(w.gan, w.snap, w.r),
        records=lambda w: gan_files(w.gan, w.r, "status.json") + choice_files(w.gan, w.snap, w.r),
    output:
        images="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/images.npy",
        index="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/index.csv",
        record="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/record.json",
    log:
        "results/{experiment}/logs/sample_gan/{gan}/{snap}-{amount}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/sample_gan/{gan}/{snap}-{amount}-r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=60,
    params:
        seed=EXPERIMENT.seed,
        gan=lambda w: asdict(EXPERIMENT.gans[w.gan]),
        compute=compute(),
        code=lambda w: code("sample_gan", gan_network(w.gan)),
    message:
        "Sampling {wildcards.gan} ({wildcards.snap}), {wildcards.amount}, repeat {wildcards.r}"
    script:
        "../workflow/scripts/sample_gan.py"


rule judge_samples:
    input:
        images="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/images.npy",
        index="results/{experiment}/samples/{gan}/{snap}/{amount}/r{r}/index.csv",
        discriminators=lambda w: gan_files(w.gan, w.r, "D-last.safetensors"),
    output:
        "results/{experiment}/pools/{gan}/{snap}/{amount}/r{r}/scores.npy",
    log:
        "results/{experiment}/logs/judge_samples/{gan}/{snap}-{amount}-r{r}.log",
    benchmark:
        "results/{experiment}/benchmarks/judge_samples/{gan}/{snap}-{amount}-r{r}.tsv"
    conda:
        ENVIRONMENT
    threads: EXPERIMENT.compute.threads
    resources:
        gpu=gpu(),
        mem_mb=4000,
        runtime=60,
    params:
        gan=lambda w: asdict(EXPERIMENT.gans[w.gan]),
        compute=compute(),
        code=lambda w: code("judge_samples", gan_network(w.gan)),
    message:
        "What discriminators say of samples of {wildcards.gan} ({wildcards.snap}), repeat {wildcards.r}"
    script:
        "../workflow/scripts/judge_samples.py"
