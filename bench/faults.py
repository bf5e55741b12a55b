"""What stops a run or one line of it."""


class BenchFault(Exception):
    """The run cannot go on; the text says why and what to do."""


class NotServed(Exception):
    """What a line measures is not there; the text says what."""
