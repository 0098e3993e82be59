from __future__ import annotations

from xml.etree import ElementTree as ET

from reconciler.sources.powerschool.fields import TABLES
from reconciler.sources.powerschool.plugin import NAMESPACE, plugin_xml
from tests.support.powerschool_api import people


def test_it_asks_to_view_what_is_read_and_nothing_else():
    plugin = ET.fromstring(plugin_xml("1.2.3"))  # noqa: S314 - our own
    at = {"p": NAMESPACE}
    assert plugin.get("version") == "1.2.3"
    assert plugin.find("p:oauth", at) is not None
    asked = [
        (one.get("table"), one.get("field"), one.get("access")) for one in plugin.findall(".//p:field", at)
    ]
    assert asked == [
        (table.upper(), field.upper(), "ViewOnly") for table, of in TABLES.items() for field in of.fields
    ]


def test_each_table_has_its_key_among_its_fields():
    assert all(of.key in of.fields for of in TABLES.values())
    assert set(people(1)) == set(TABLES)  # the server of the tests has them all
