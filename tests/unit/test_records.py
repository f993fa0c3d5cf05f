from pathlib import Path

from ganaug.io import read_json
from ganaug.records import origins, write_record

ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, appendix B.1


def test_a_record_names_inputs_config_code_seeds_and_outputs_with_their_digests(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"abc")
    (tmp_path / "out").write_bytes(b"abc")
    made_from = origins(inputs=[str(tmp_path / "in")], config={"epochs": 3}, code="c0de", seeds={"gan": 7})
    write_record(tmp_path / "record.json", facts={"arm": "gan"}, made_from=made_from, outputs=[tmp_path / "out"])
    assert read_json(tmp_path / "record.json") == {
        "state": "ok",
        "reason": None,
        "arm": "gan",
        "inputs": {str(tmp_path / "in"): ABC},
        "config": {"epochs": 3},
        "code": "c0de",
        "seeds": {"gan": 7},
        "outputs": {"out": ABC},
    }


def test_a_reason_makes_it_failed(tmp_path: Path) -> None:
    made_from = origins(inputs=[], config={}, code="c", seeds={})
    write_record(tmp_path / "r.json", facts={}, made_from=made_from, outputs=[], reason="diverged at step 3")
    assert (read_json(tmp_path / "r.json")["state"], read_json(tmp_path / "r.json")["reason"]) == (
        "failed",
        "diverged at step 3",
    )


def test_every_part_of_the_origins_changes_their_digest() -> None:
    parts = {"inputs": [], "config": {"a": 1}, "code": "c", "seeds": {"s": 1}}
    base = origins(**parts).digest  # type: ignore[arg-type]
    for change in ({"config": {"a": 2}}, {"code": "d"}, {"seeds": {"s": 2}}):
        assert origins(**{**parts, **change}).digest != base  # type: ignore[arg-type]
