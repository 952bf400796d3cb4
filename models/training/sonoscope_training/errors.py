"""The one error a person meets: what happened, to what, and what to do."""


class TrainingError(Exception):
    """Something the caller can put right; the command line prints it without a traceback."""
