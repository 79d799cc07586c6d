"""How many threads NumPy's products use."""

from __future__ import annotations


def one_thread() -> None:
    """Keep NumPy's products on one thread from here on.

    Writing is one product of a vector with a matrix after the other: a second thread gains nothing
    there, and where something else uses the processors it costs tenfold.
    """
    from threadpoolctl import threadpool_limits

    threadpool_limits(1, user_api="blas")
