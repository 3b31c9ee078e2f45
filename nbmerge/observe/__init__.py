"""The observer: notices saves of notebooks, and reads each at once."""
