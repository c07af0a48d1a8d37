"""The glasses skills that come with the house, one file each."""
