"""Language models and sentence embedders behind the brain's contracts, and where weights come from."""
