"""From words to clauses and noun phrases, before anything is looked up."""
