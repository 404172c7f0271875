"""Why a command cannot do what it was asked to."""

HOPELESS = 78  # EX_CONFIG of sysexits.h; a supervisor need not try again


class CannotRun(Exception):
    """Ends a command with its message, which says what to do, and with the status HOPELESS."""
