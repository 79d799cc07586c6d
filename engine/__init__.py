"""Everything in helo that is not terminal: six wings, whose imports point down only.

From the top: training, runs, writing, text, network, cells; the modules beside them serve all six.
"""

__version__ = "0.1.0"
