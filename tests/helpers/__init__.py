"""What the tests share: notebooks in a few words, spellings, generators, strict validation."""
