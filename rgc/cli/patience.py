"""What ctrl-C does while the main thread runs machine code that cannot react, such as a long
compilation.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rgc.cli import INTERRUPTED
from rgc.runner import SIGNALS

PATIENCE = 1.0
"""Seconds that the main thread has to react to a signal."""


@contextmanager
def second_signal_ends() -> Iterator[None]:
    """A context in which signals end a process that does not react.

    A first one of `SIGNALS` to which nothing has reacted after `PATIENCE` seconds is acknowledged
    on stderr. A second one ends the process after the same time, whatever it does. Files appear
    whole or not at all, so that none is damaged.

    Python calls signal handlers between two of its own instructions, but the system writes to a
    socket at once, and a thread listens there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)
    over = threading.Event()
    before = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(ours, over), daemon=True).start()
    try:
        yield
    except KeyboardInterrupt:
        raise  # the process still waits for threads that compile, so the listener stays
    except BaseException:
        _close(over, theirs, before)
        raise
    _close(over, theirs, before)


def _close(over: threading.Event, theirs: socket.socket, before: int) -> None:
    over.set()
    signal.set_wakeup_fd(before)
    theirs.close()


def _listen(ours: socket.socket, over: threading.Event) -> None:
    heard = 0
    with ours:
        while numbers := ours.recv(64):
            heard += sum(number in SIGNALS for number in numbers)
            if not heard or over.wait(PATIENCE):
                continue
            if heard > 1:
                _say("ended")
                os._exit(INTERRUPTED)
            _say("stopping as soon as a compilation or a step is done; once more ends it now")


def _say(message: str) -> None:
    with suppress(OSError, ValueError):
        show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
        print(f"{show_cursor}\nrgc: {message}", file=sys.stderr, flush=True)
