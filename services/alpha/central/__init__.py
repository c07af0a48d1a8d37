"""The central unit: one deadline scheduler over looks, tools and speech."""
