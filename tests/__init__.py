"""The proof of nbmerge: laws, tables, scenarios; `helpers` is what they share."""
