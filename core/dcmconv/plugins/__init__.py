"""Finding plugins, and loading the components that they offer."""
