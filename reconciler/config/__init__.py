"""YAML text -> School: places of every setting, schema check, rule sets merged, variables replaced."""

from reconciler.config.find import find_school, school_files, school_id, strays, validate
from reconciler.config.loader import load_school, rule_set_paths
from reconciler.config.resources import rule_set_folder, rule_set_names, schema_names, schema_text
from reconciler.config.suggest import did_you_mean

SCHEMA_NAMES = schema_names()

__all__ = [
    "SCHEMA_NAMES",
    "did_you_mean",
    "find_school",
    "load_school",
    "rule_set_folder",
    "rule_set_names",
    "rule_set_paths",
    "schema_names",
    "schema_text",
    "school_files",
    "school_id",
    "strays",
    "validate",
]
