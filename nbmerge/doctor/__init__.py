"""What may keep nbmerge from doing its work here, looked for and told; nothing is changed."""
