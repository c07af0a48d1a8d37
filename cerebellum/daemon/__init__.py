"""The device daemon: a body and its cerebellum on a computer of their own, linked to a site."""
