import pytest
import torch

from ganaug.compute import autocast, prepare
from ganaug.config import Compute
from ganaug.errors import UserError


def test_the_number_of_threads_is_the_config_s() -> None:
    before = torch.get_num_threads()
    prepare(Compute(device="cpu", precision="fp32", threads=1))
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_without_a_gpu_auto_is_the_cpu_and_cuda_is_refused_with_the_key() -> None:
    assert prepare(Compute(device="auto", precision="fp32", threads=1)).type == "cpu"
    with pytest.raises(UserError, match=r"compute\.device: cuda"):
        prepare(Compute(device="cuda", precision="fp32", threads=1))


@pytest.mark.parametrize(("precision", "expected"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_precision_is_what_the_config_says(precision: str, expected: torch.dtype) -> None:
    compute = Compute(device="cpu", precision=precision, threads=1)  # type: ignore[arg-type]
    with autocast(torch.device("cpu"), compute):
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == expected
