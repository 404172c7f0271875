"""Measures what the product promises to be fast at, and prints it beside the target.

Nothing is checked here and nothing imports this package; a figure that cannot be taken is an error.
"""
