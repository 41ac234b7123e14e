"""A network as PyTorch source with its weights, for people who have no Netloom."""
