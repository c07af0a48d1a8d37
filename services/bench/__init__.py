"""What `retinue bench` measures, and the gold it measures against."""
