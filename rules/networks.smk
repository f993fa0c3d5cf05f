# What the samples are worth by networks that others trained -> a table a network.
rule tabulate_gans_by:
    input:
        quality=[f"results/{{experiment}}/quality/{name}/r{r}-{{net}}.json" for name in MEASURED for r in REPEATS],
        floors=[f"results/{{experiment}}/quality/real/r{r}-{{net}}.json" for r in REPEATS],
    output:
        facts="results/{experiment}/tables/gans-{net}.json",
        others=[f"results/{{experiment}}/tables/gans-{{net}}.{kind}" for kind in ("csv", "md", "tex")],
    log:
        "results/{experiment}/logs/tabulate_gans_by/{net}.log",
    benchmark:
        "results/{experiment}/benchmarks/tabulate_gans_by/{net}.tsv"
    wildcard_constraints:
        net=KNOWN,
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
        # How training went stands in the table of the classifier's features.
        histories={gan: [[] for _ in REPEATS] for gan in SHOWN},
        gans={name: asdict(GANS[name]) for name in SHOWN},
        arms={},
        classifier=CLASSIFIERS[0],
        code=lambda w: code("tabulate_gans"),
    message:
        "Comparing the GANs by {wildcards.net}"
    script:
        "../workflow/scripts/tabulate_gans.py"
