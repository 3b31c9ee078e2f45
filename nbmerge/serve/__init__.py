"""Editors in other languages: requests on standard input, one JSON object a line, and answers to them.

The room owns how the calls of `nbmerge.sync` are spelled as lines, and in which order they are carried out.
It knows nothing of how saves are merged, which is `nbmerge.sync`'s and the service's.

To read in this order: `protocol` (between lines and values), `calls` (what each call does), `turns` (one
notebook's requests one after the other, all others beside them), `following` (files that change),
`conversation`, `loop`.
"""
