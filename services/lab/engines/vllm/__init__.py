"""vLLM with the plug-in beside vLLM as it comes.

Here `bench` runs the others in the environment that has vLLM: `worker`, which measures with `jobs` and `cost`,
and `trial`, which drives the schedulers with random operations. `model` makes what they run.
"""
