"""Why a day cannot be read or published: each message names the file or the day."""


class DayNotFound(LookupError):
    """No such day is published."""


class DayUnavailable(Exception):
    """A published day that cannot be read: gone, incomplete, corrupt, or of an unknown format."""


class DayRefused(Exception):
    """A day that must not be published; the message says what is wrong with it."""


class SourceRefused(Exception):
    """A file that an import cannot read at all; the message names it."""


class ImportStopped(Exception):
    """An import that ended before its last file; what it had published stays."""
