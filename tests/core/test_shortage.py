"""Twin of ``core/shortage.py``."""

import errno
import os

import numpy as np
import pytest
import torch

from amhctl.core.shortage import Shortage, shortage_of


def torch_fails_to_allocate() -> BaseException:
    try:
        torch.empty(1 << 50)
    except RuntimeError as error:
        return error
    raise AssertionError("a petabyte was allocated")


def numpy_fails_to_allocate() -> BaseException:
    try:
        np.empty(1 << 50)
    except MemoryError as error:
        return error
    raise AssertionError("a petabyte was allocated")


@pytest.mark.parametrize(
    ("error", "shortage"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "disk"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "disk"),
        (OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)), "memory"),
        (OSError(errno.EACCES, os.strerror(errno.EACCES)), None),
        (MemoryError(), "memory"),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), "memory"),
        (RuntimeError("DataLoader worker (pid 7) is killed by signal: Killed. "), "memory"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), None),
        (ValueError("not enough memory"), None),
    ],
)
def test_what_ran_out_is_recognised(error: BaseException, shortage: Shortage | None) -> None:
    assert shortage_of(error) == shortage


def test_what_the_libraries_really_say_is_recognised() -> None:
    assert shortage_of(torch_fails_to_allocate()) == "memory"
    assert shortage_of(numpy_fails_to_allocate()) == "memory"
