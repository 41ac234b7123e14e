"""From a network to a Keras model: the reader's way back."""
