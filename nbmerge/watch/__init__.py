"""The watcher: notices saves, and writes merges back when it is quiet."""
