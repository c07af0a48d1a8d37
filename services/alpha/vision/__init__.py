"""Recognisers: from pixels to what is there, how sure, and where. Pure functions of their input."""
