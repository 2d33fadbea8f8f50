"""Where memory ends: a computation is called off in all processes, to be repeated in smaller parts.

What a shortage is told from: an error of torch, or of the system. All processes compute in as many parts.
"""

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

from amhctl.core.shortage import shortage_of
from amhctl.training.processes import CalledOffError, Processes, Trouble
from amhctl.training.state import Trainable


class Splitting:
    """Computes in parts, and says when they have to be smaller.

    Parameters
    ----------
    processes : Processes
        Those that share the work.
    trainable : Trainable
        What has gradients.
    learning : Sequence[nn.Parameter]
        Whose gradients are counted.
    save : Callable[[], None]
        Saves what there is, before an error ends the run.
    """

    def __init__(
        self,
        processes: Processes,
        trainable: Trainable,
        learning: Sequence[nn.Parameter],
        save: Callable[[], None],
    ) -> None:
        self._processes = processes
        self._trainable = trainable
        self._learning = learning
        self._save = save

    def compute(self, compute: Callable[[], Tensor], *, parts: int, largest: int) -> Tensor | str:
        """Return what a computation gives, or why memory ended for a process: no gradients are left then.

        Parameters
        ----------
        compute : Callable[[], Tensor]
            The computation.
        parts : int
            Parts in which it computes each micro-batch.
        largest : int
            Items of the largest micro-batch, which cannot be in more parts.

        Raises
        ------
        CalledOffError
            If another process cannot hold a single item; all that the run has is saved.
        RuntimeError
            If this one cannot, or something else is at fault.
        MemoryError
            Likewise.
        """
        try:
            result = compute()
            trouble = self._processes.agree(gradients=len(gradients_of(self._learning)))
            if trouble is Trouble.NONE:
                return result
            why = str(CalledOffError(Trouble.MEMORY))
        except CalledOffError as error:
            trouble, why = error.trouble, str(error)
        except (RuntimeError, MemoryError) as error:
            trouble, why = self._report(error, hopeless=parts >= largest), _first_line(error)
            if trouble is Trouble.HOPELESS:
                self._save()
                raise
        # Outside of the handlers, whose error holds what the computation had made.
        self._trainable.forget_gradients()
        if trouble is Trouble.HOPELESS:
            self._save()
            raise CalledOffError(trouble)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        return why

    def _report(self, error: RuntimeError | MemoryError, *, hopeless: bool) -> Trouble:
        """Tell all processes that memory ended here; return the largest trouble of any of them.

        Parameters
        ----------
        error : RuntimeError | MemoryError
            What says so; raised again if it says something else.
        hopeless : bool
            Whether smaller parts are impossible.
        """
        self._trainable.forget_gradients()
        if shortage_of(error) != "memory":
            if self._processes.count == 1:
                self._save()
            raise error
        return self._processes.agree(Trouble.HOPELESS if hopeless else Trouble.MEMORY)


def gradients_of(parameters: Iterable[nn.Parameter]) -> list[Tensor]:
    """Return the gradients of parameters, as far as they have been computed."""
    return [parameter.grad for parameter in parameters if parameter.grad is not None]


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
