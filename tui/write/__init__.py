"""The Write screen: type a seed, watch it go on, and walk through what was believed."""
