"""The extension for VS Code and the editors made from it: packing it, and having them install it.

To read in this order: `package` (what the file holds), `editors` (which there are, and asking them).
The extension itself is JavaScript, in `data/share/nbmerge-on-save/vscode`.
"""
