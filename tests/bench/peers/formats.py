"""The same people in the formats of tools that do not read a school's exports."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.peers.people import Person

ZONE = "people.example.org."
_DNS_TEXT = " @:.,+-_'"  # what stays as it is in a TXT record; the rest is percent-encoded, as DNS is ASCII
_TERRAFORM = """\
variable "people" {
  type = map(map(string)) # told its type, Terraform plans five times as fast
}

resource "terraform_data" "person" {
  for_each = var.people
  input    = each.value
}
"""


def write_octodns(folder: Path, current: dict[str, Person], desired: dict[str, Person]) -> None:
    """`octodns.yaml`, and a zone for each side with a TXT record a person."""
    providers = {}
    for side, people in (("current", current), ("desired", desired)):
        place = folder / side
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{ZONE}yaml").write_text(zone_text(people), encoding="utf-8")
        providers[side] = {
            "class": "octodns.provider.yaml.YamlProvider",
            "directory": str(place),
            "enforce_order": False,  # checking that takes time and is of no use here
        }
    zones = {ZONE: {"sources": ["desired"], "targets": ["current"]}}
    # JSON is YAML as well.
    config = json.dumps({"providers": providers, "zones": zones}, indent=1)
    (folder / "octodns.yaml").write_text(config + "\n", encoding="utf-8")


def zone_text(people: dict[str, Person]) -> str:
    """A zone in octoDNS's YAML: `name=value` for each field that has a value."""
    lines = ["---"]
    for host, person in people.items():
        lines += [f"{host.lower()}:", "  type: TXT", "  values:"]
        lines += [
            f"  - {json.dumps(f'{name}={quote(value, safe=_DNS_TEXT)}')}"
            for name, value in sorted(person.items())
            if value
        ]
    return "\n".join(lines) + "\n"


def write_json(path: Path, value: object) -> None:
    """Anything as JSON: `{host_id: {field: value}}` is what diffsync gets."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def write_terraform(folder: Path, current: dict[str, Person], desired: dict[str, Person]) -> None:
    """A configuration with a resource for each person, and the state that applying `current` would leave."""
    write_json(folder / "terraform.tfvars.json", {"people": desired})
    write_json(folder / "terraform.tfstate", terraform_state(current))
    (folder / "main.tf").write_text(_TERRAFORM, encoding="utf-8")


def terraform_state(people: dict[str, Person]) -> dict[str, object]:
    """A state file of format 4. To let Terraform write it, by an apply, takes hours for 20,000 people."""
    instances = []
    for host, person in people.items():
        value = {"value": person, "type": ["map", "string"]}
        attributes = {"id": host, "input": value, "output": value, "triggers_replace": None}
        instances.append({"index_key": host, "schema_version": 0, "attributes": attributes})
    resource = {
        "mode": "managed",
        "type": "terraform_data",
        "name": "person",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": instances,
    }
    return {"version": 4, "serial": 1, "lineage": "people", "outputs": {}, "resources": [resource]}
