"""The built-in plugins, offered through the same hooks as third-party plugins."""
