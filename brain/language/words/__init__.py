"""Words: their lexicon, their spelling and number, and the names of a site."""
