"""What the API of a site offers, a file for each kind of thing that it is about."""
