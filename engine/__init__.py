"""Everything of helo that is not terminal: three floors whose imports point down only."""

__version__ = "0.1.0"
