"""The endpoint: OpenAI's protocol over HTTP in front of a cluster of engines."""
