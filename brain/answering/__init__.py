"""Answers to what people ask: one plain sentence from what is believed, or that a look is needed."""
