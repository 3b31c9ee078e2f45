"""In Jupyter: the server's part, through which the tabs of JupyterLab and Notebook 7 take part.

Owns: what a Jupyter server is asked for by nbmerge's part in the page, and what it tells it.  Must not know:
how saves are recorded and merged, which is `sync`'s; what the page does with an answer.  Only this room
imports anything of Jupyter's server, and nothing imports this room but that server.

To read in this order: `extension` (what the server loads), `handlers` (the requests), `conflict_handlers`,
`history_handlers` and `past` (those about what was), `participants` (the store that stays open),
`notebooks` (between contents and bytes), `failures`, `trusting`, `watching` and `events`; `persons`,
`presence`, `neighbours` and `presence_handlers` (who is here, on this server and on others); and for
documents that people share, `rooms` and `shared_cells`.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _jupyter_server_extension_points() -> "list[dict[str, Any]]":
    from nbmerge.jupyter.extension import NbmergeExtension

    return [{"module": "nbmerge.jupyter", "app": NbmergeExtension}]
