"""Exported programs of PyTorch (`.pt2`), read as data: `torch.export.load` is never called."""
