"""The version of helo."""

__version__ = "0.1.0"
