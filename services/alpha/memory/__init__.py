"""The memory unit: a view on STEM for one wearer."""
