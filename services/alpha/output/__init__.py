"""The output unit: wordings that fit, speech that expires, display, captions, files."""
