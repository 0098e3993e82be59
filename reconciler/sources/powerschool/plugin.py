"""The plugin that a PowerSchool administrator installs: it asks for the fields that are read, and no others.

The form is that of public plugins: an empty `oauth`, which makes PowerSchool issue a client id and a secret,
and an `access_request` with a `field` for each that may be viewed.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from reconciler.sources.powerschool.fields import TABLES

NAMESPACE = "http://plugin.powerschool.pearson.com"


def plugin_xml(version: str) -> str:
    """The text of plugin.xml."""
    plugin = ET.Element(
        "plugin",
        {
            "xmlns": NAMESPACE,
            "name": "Vidigami reconciler",
            "version": version,
            "description": "Lets the Vidigami reconciler read students, staff, contacts and their e-mails",
        },
    )
    ET.SubElement(plugin, "oauth")
    access = ET.SubElement(plugin, "access_request")
    for table, of in TABLES.items():
        for field in of.fields:
            wanted = {"table": table.upper(), "field": field.upper(), "access": "ViewOnly"}
            ET.SubElement(access, "field", wanted)
    ET.indent(plugin)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(plugin, encoding="unicode")}\n'
