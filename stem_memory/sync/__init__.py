"""Logs of several hosts made one: shipped by watermark, merged in one order everywhere."""
