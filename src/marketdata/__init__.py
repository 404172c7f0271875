"""Recorded days: the files, their library, and the importers of vendors' formats.

No account or order is known here; use cases and composition may import it.
"""
