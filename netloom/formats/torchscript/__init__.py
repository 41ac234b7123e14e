"""TorchScript, read as data: its code is interpreted line by line here, never loaded by torch."""
