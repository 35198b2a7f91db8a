"""What ctrl-C does while the main thread is in machine code that does not listen, as in a long
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

PATIENCE = 1.0
"""Seconds that the main thread has to react to a signal."""


@contextmanager
def second_signal_ends() -> Iterator[None]:
    """Within it a first SIGINT or SIGTERM that nobody has reacted to after `PATIENCE` seconds is
    acknowledged on stderr, and a second one ends the process after as long, whatever it does; files
    appear whole or not at all, so none is damaged.

    Python tells handlers of a signal between two of its own instructions; the system tells a socket
    at once, and a thread listens there.
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
        raise  # the process still waits for threads that compile: the listener stays
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
            heard += sum(numbers.count(number) for number in (signal.SIGINT, signal.SIGTERM))
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
