"""Inference engines behind one protocol: embedded llama.cpp, vLLM, any remote endpoint, a simulated one."""
