# Experiments beside each other, from what they left: `snakemake compare --config 'experiments=[digits,eth80]'`.
COMPARISON = f"results/compare/{'+'.join(BESIDE)}"


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
