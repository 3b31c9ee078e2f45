"""A notebook that git has broken, made whole again."""
