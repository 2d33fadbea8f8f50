"""The process a command runs in: its encoding, its garbage, the signals that end it, who of several speaks.

Knows no command.
"""

import atexit
import codecs
import gc
import locale
import os
import signal
import sys
import threading
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)
_AGAIN_SECONDS = 0.01
_sparing = threading.Event()
"""Whether garbage is spared."""
_interrupts: list[int] = []
"""Ctrl-C, as often as it came; no event, whose lock a signal may find taken."""


def require_utf8() -> None:
    """Read arguments, paths and streams as UTF-8, whatever the locale says; if need be, start again in that mode.

    The locale says how a terminal shows letters, and nothing of the text one types: in Latin-1 a text would be read as
    other letters, and be spoken as rubbish. The arguments are decoded before any of our code runs, so that nothing less
    than a new start helps; it is not needed in UTF-8 locales, nor in those of plain ASCII, which Python replaces.
    """
    encodings = {codecs.lookup(name).name for name in (sys.getfilesystemencoding(), locale.getencoding())}
    # Whoever says -X utf8=0 has decided; and nobody is started again twice.
    if sys.flags.utf8_mode or encodings == {"utf-8"} or "utf8" in sys._xoptions or not sys.executable:
        return
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])


def spare_collections() -> None:
    """Look for no garbage until ``collect_garbage`` is called, nor once more when the process ends.

    What is loaded at the start stays until the end: to look through it again and again, and a last time before the
    system takes all of it back, costs a short command a tenth of its time. Whatever is registered to be done at the end
    is done.
    """
    gc.disable()
    # It is done last, as the first to be registered.
    atexit.register(gc.freeze)
    _sparing.set()


def spare_plugins(environment: MutableMapping[str, str]) -> None:
    """Let pydantic look for no plugins: it reads what every installed package says of itself, and amhctl has no use.

    Parameters
    ----------
    environment : MutableMapping[str, str]
        Variables of the process; changed in place, unless someone has said so already.
    """
    environment.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def collect_garbage() -> None:
    """Look for garbage from now on, if it was spared, but not among what has been loaded so far."""
    if _sparing.is_set():
        _sparing.clear()
        gc.freeze()
        gc.enable()


@contextmanager
def end_as_interrupted() -> Iterator[None]:
    """Let a signal that ends the process do so as Ctrl-C does: what is incomplete is cleared away first.

    A second one changes nothing while that continues. Signals that are ignored or handled already stay so, as under
    ``nohup``; children made by a fork end as if there were no handler. An interrupt that Python drops, because it hit a
    callback that may raise nothing, such as those of each import, comes once more.
    """
    owner = os.getpid()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        for each in _ENDING:
            if signal.getsignal(each) is interrupt:
                signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, interrupt)
    usual, was = sys.unraisablehook, signal.getsignal(signal.SIGINT)

    def note(number: int, frame: FrameType | None) -> None:
        _interrupts.append(number)
        signal.default_int_handler(number, frame)

    def heed(dropped: "sys.UnraisableHookArgs") -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            usual(dropped)
            return
        # Not at once: here, too, it would be dropped.
        signal.signal(signal.SIGALRM, note)
        signal.setitimer(signal.ITIMER_REAL, _AGAIN_SECONDS)

    sys.unraisablehook = heed
    if was is signal.default_int_handler:
        signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        if was is signal.default_int_handler:
            signal.signal(signal.SIGINT, was)
        _interrupts.clear()
        sys.unraisablehook = usual
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def is_interrupt(error: BaseException | None) -> bool:
    """Return whether an error is Ctrl-C, or came of it: libraries in C that are being loaded turn it into another.

    After Ctrl-C every error is: what was loaded by half fails later, in a way that says nothing of it.
    """
    if _interrupts:
        return True
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__cause__ or error.__context__
    return False


def follows_another() -> bool:
    """Return whether this is one of several processes of a training run, and not the one that speaks for all.

    ``torchrun`` and ``accelerate launch`` say so in the environment.
    """
    return os.environ.get("WORLD_SIZE", "1") != "1" and os.environ.get("RANK", "0") != "0"
