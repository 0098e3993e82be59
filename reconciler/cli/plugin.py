"""`reconcile plugin`: the plugin that lets us read PowerSchool through its API."""

from __future__ import annotations

from reconciler import __version__
from reconciler.cli.screen import write

EXAMPLES = """\b
Example:
  reconcile plugin > plugin.xml && zip vidigami-reconciler.zip plugin.xml
"""


def plugin() -> None:
    """Print the plugin that lets us read PowerSchool through its API.

    It asks to view exactly the fields that are read. A PowerSchool administrator installs it, as plugin.xml
    in a zip archive; PowerSchool then shows the client id and the secret of the school's source.
    """
    from reconciler.sources.powerschool.plugin import plugin_xml

    write(plugin_xml(__version__))
