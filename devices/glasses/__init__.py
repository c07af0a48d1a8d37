"""The glasses at the wearer's end: capture, redaction before any buffer, the frame gate, output."""
