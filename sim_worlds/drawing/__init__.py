"""Runs and floor plans as pictures: stills, videos, SVG."""
