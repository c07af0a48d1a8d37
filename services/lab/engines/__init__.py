"""Real engines measured under the policies, stock beside ours."""
