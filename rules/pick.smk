# What samples are worth -> the best snapshot of a GAN.


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
