"""The command `doorbell`. While it is loaded, Ctrl-C ends it at once and without a traceback."""

import signal


def main() -> None:
    """Load the command line, then run it."""
    is_heard = signal.getsignal(signal.SIGINT) is not signal.SIG_IGN
    if is_heard:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # `make run` holds Ctrl-C back until here: Python itself starts with a traceback to show for it.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    from hub.cli.main import main as command  # noqa: PLC0415 - takes half a second

    if is_heard:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    command()


if __name__ == "__main__":
    main()
