"""The Write screen: type a seed, watch the model continue it, and walk through its predictions."""
