"""The merged settings as plain data, and their digest: what a plan was made under."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from reconciler.config.fields import LIST_SETTINGS
from reconciler.model import SchoolYear

if TYPE_CHECKING:
    from reconciler.config.merge import Settings
    from reconciler.model import SourceSettings


_PLACES = ("path", "url", "token_url", "scope", "credentials", "exports")
"""Settings of a target that say where it is, and how one signs in."""


def effective_settings(settings: Settings, source: SourceSettings) -> dict[str, Any]:
    """What the school's settings come to, without locations: they hold on every machine.

    Of the files there remains which tables they supply and how they are read. `extends` is not in it,
    since the merge has used it up; nor are `sync`, `retention` and `letters`, which say nothing of what a
    plan holds.
    No setting of today holds a secret.
    """
    data = {name: dict(one) if isinstance(one, dict) else one for name, one in settings.data.items()}
    data.pop("extends", None)
    data.pop("rule_set", None)  # the name of the last one that was merged
    # Apply asks for it itself, and a plan made on trial can be applied once the trial is over.
    data.pop("sync", None)
    data.pop("retention", None)
    data.pop("letters", None)
    data["school_year"] = str(SchoolYear.parse(str(data["school_year"])))
    kind = data["target"]["kind"]
    data["target"] = {key: value for key, value in data["target"].items() if key not in _PLACES}
    if kind != "sheets":
        data.pop("sheets", None)
    data["source"] = {
        "kind": source.kind,
        "files": {
            name: {
                "delimiter": file.delimiter,
                "encoding": file.encoding,
                "quoting": file.quoting,
                "allow_empty": file.allow_empty,
            }
            for name, file in source.files.items()
        },
        **({"roles": {table: list(roles) for table, roles in source.roles.items()}} if source.roles else {}),
    }
    for section, key in LIST_SETTINGS.values():
        data.get(section, {}).pop(key, None)
    return data


def settings_digest(effective: dict[str, Any]) -> str:
    """SHA-256 over canonical JSON."""
    text = json.dumps(effective, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
