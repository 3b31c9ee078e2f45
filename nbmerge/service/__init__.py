"""From a save to a merged notebook: takes saves into the store, merges the tips, has them written."""
