"""The built-in plugins, offered through the same hooks as a stranger's."""
