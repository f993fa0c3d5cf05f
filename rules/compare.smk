# Experiments beside each other, from what they left: `snakemake compare --config 'experiments=[digits,eth80]'`.
BESIDE = {name: f"results/{name}/summary.json" for name in EXPERIMENT.experiments}
COMPARISON = f"results/compare/{'+'.join(BESIDE)}"


def check_compared():
    """No input: Snakemake would make anew, with this config, what another config made."""
    if len(BESIDE) < 2:
        refuse("compare: name two experiments or more: snakemake compare --config 'experiments=[digits,eth80]'")
    if missing := [name for name, file in BESIDE.items() if not Path(file).exists()]:
        refuse(f"compare: {missing[0]} has no results, {BESIDE[missing[0]]} is not there; run that experiment first")
    return []


rule compare:
    input:
        lambda w: check_compared(),
    output:
        page=f"{COMPARISON}.html",
        tables=[f"{COMPARISON}.{kind}" for kind in ("csv", "md", "tex")],
        picture=f"{COMPARISON}.png",
        vectors=[f"{COMPARISON}.{kind}" for kind in VECTORS],
    log:
        f"{COMPARISON}.log",
    benchmark:
        f"{COMPARISON}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        gpu=0,
        mem_mb=1000,
        runtime=10,
    params:
        summaries=lambda w: present(BESIDE.values()),
        code=lambda w: code("compare_experiments"),
    message:
        "Comparing experiments"
    script:
        "../workflow/scripts/compare_experiments.py"
