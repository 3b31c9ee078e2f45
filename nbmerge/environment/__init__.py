"""Signs: what the surroundings say about a notebook; nothing here ever decides or fails."""
