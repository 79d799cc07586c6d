"""The Write screen: type a prompt, watch the model continue it, and walk through its predictions."""
