"""Language models and sentence embedders behind the brain's model contract."""
