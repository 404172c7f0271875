"""The ARQ face: each job parses its arguments, calls one use case and reports. Only zerodte may import it."""
