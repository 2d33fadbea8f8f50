"""Twin of ``core/shortage.py``."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from amhctl.core.errors import ConfigError, ShortageError
from amhctl.core.shortage import Shortage, WayOut, explain_shortages, require_memory, shortage_of


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


WAY_OUT = WayOut(sound="step 4 is saved", again="then go on", lighter="take less")


@pytest.mark.parametrize(
    ("error", "message", "subject", "hint"),
    [
        (
            OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "there"),
            "the disk is full; step 4 is saved",
            "there",
            "free disk space; then go on",
        ),
        (OSError(errno.EDQUOT, "quota"), "the disk is full; step 4 is saved", "run", "free disk space; then go on"),
        (MemoryError(), "there is too little memory (MemoryError); step 4 is saved", "run", "take less; then go on"),
        (
            RuntimeError("CUDA out of memory.\nSee the manual"),
            "there is too little memory (CUDA out of memory.); step 4 is saved",
            "run",
            "take less; then go on",
        ),
    ],
)
def test_a_shortage_says_what_is_sound_and_how_to_go_on(
    error: Exception, message: str, subject: str, hint: str
) -> None:
    with pytest.raises(ShortageError) as caught, explain_shortages(Path("run"), lambda: WAY_OUT):
        raise error
    assert (caught.value.message, caught.value.subject, caught.value.hint) == (message, subject, hint)
    assert caught.value.__cause__ is error


@pytest.mark.parametrize("error", [PermissionError(errno.EACCES, "no"), RuntimeError("shapes"), KeyError("x")])
def test_what_is_no_shortage_passes(error: Exception) -> None:
    with pytest.raises(type(error)), explain_shortages(Path("run"), lambda: WAY_OUT):
        raise error


def test_what_no_memory_holds_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4_096, "SC_PHYS_PAGES": 2**18}.__getitem__)
    require_memory(2**28, subject="model", hint="smaller")
    with pytest.raises(ConfigError, match="268,435,457 parameters needs 1 GiB, but this machine has 1 GiB") as error:
        require_memory(2**28 + 1, subject="model", hint="smaller")
    assert (error.value.subject, error.value.hint) == ("model", "smaller")
